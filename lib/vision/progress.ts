// SPDX-License-Identifier: MIT

/** Tells a person how far a download is. */
export interface Progress {
  update(bytes: number): void;
  stop(): void;
}

const megabytes = (bytes: number) => Math.round(bytes / 1e4) / 100;

/** A bar where a terminal is attached to stderr, one plain line elsewhere. `total` is 0 where the server does not tell it. */
export async function startProgress(what: string, total: number): Promise<Progress> {
  const size = total > 0 ? ` (${megabytes(total)} MB)` : '';
  if (!process.stderr.isTTY || total === 0) {
    process.stderr.write(`downloading ${what}${size}\n`);
    return { update: () => undefined, stop: () => undefined };
  }
  const { default: cliProgress } = await import('cli-progress');
  const format = `${what} {bar} {percentage} % of {total} MB`;
  const bar = new cliProgress.SingleBar(
    { format, stream: process.stderr, hideCursor: true },
    cliProgress.Presets.shades_classic,
  );
  bar.start(megabytes(total), 0);
  return { update: (bytes) => bar.update(megabytes(bytes)), stop: () => bar.stop() };
}
