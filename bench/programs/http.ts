// SPDX-License-Identifier: MIT
// node http.js server: answers with a little JSON, and prints its port.
// node http.js client SECONDS PORT…: asks each of the ports 50 times a second and prints what 99 % of the answers took
// at most, in milliseconds.
import { Agent, createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';

/** Listens on a free port of this machine. */
export function startServer(): Promise<{ port: number; close(): void }> {
  const server = createServer((_, response) => {
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ ok: true, at: Date.now() }));
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const close = () => {
        server.close();
        server.closeAllConnections();
      };
      resolve({ port: (server.address() as AddressInfo).port, close });
    });
  });
}

const agent = new Agent({ keepAlive: true });

function ask(port: number): Promise<number> {
  const began = performance.now();
  return new Promise((resolve, reject) => {
    const request = get({ host: '127.0.0.1', port, agent }, (response) => {
      response.resume().on('end', () => resolve(performance.now() - began));
    });
    request.on('error', reject);
  });
}

async function askForSeconds(seconds: number, ports: readonly number[]): Promise<number[]> {
  const answers = ports.map(() => [] as Promise<number>[]);
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      for (const [i, port] of ports.entries()) answers[i]?.push(ask(port));
      if ((answers[0]?.length ?? 0) < seconds * 50) return;
      clearInterval(timer);
      resolve();
    }, 20);
  });
  const times = await Promise.all(answers.map((list) => Promise.all(list)));
  return times.map((list) => list.sort((a, b) => a - b)[Math.ceil(list.length * 0.99) - 1] as number);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [mode, seconds, ...ports] = process.argv.slice(2);
  if (mode === 'server') console.log((await startServer()).port);
  else {
    console.log(JSON.stringify(await askForSeconds(Number(seconds), ports.map(Number))));
    agent.destroy();
  }
}
