// SPDX-License-Identifier: MIT
import type { SingleBar } from 'cli-progress';
import { Callback, type Logs } from './callback.js';

/** Shortest time between two readings of the loss, in milliseconds. */
const interval = 100;

/** `0.0736`, or `7.3600e-05` where that says more. */
function formatNumber(value: unknown): string {
  if (typeof value !== 'number') return String(value);
  if (Math.abs(value) > 1e-3 || value === 0 || !Number.isFinite(value)) return value.toFixed(4);
  return value.toExponential(4).replace(/e([+-])(\d)$/, 'e$10$2');
}
/** `accuracy: 0.9123 - loss: 0.2954`. */
const formatLogs = (logs: Logs) =>
  Object.entries(logs)
    .map(([name, value]) => ` - ${name}: ${formatNumber(value)}`)
    .join('');

/** `2ms/step`. */
function formatRate(secondsPerStep: number): string {
  if (secondsPerStep >= 1) return `${Math.round(secondsPerStep)}s/step`;
  if (secondsPerStep >= 1e-3) return `${Math.round(secondsPerStep * 1e3)}ms/step`;
  return `${Math.round(secondsPerStep * 1e6)}us/step`;
}
/** `1:02:03`, `2:03` or `3s`. */
function formatTime(seconds: number): string {
  const whole = Math.floor(seconds);
  const two = (n: number) => String(n).padStart(2, '0');
  if (whole > 3600) return `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
  return whole > 60 ? `${Math.floor(whole / 60)}:${two(whole % 60)}` : `${whole}s`;
}

/**
 * Shows how far a run is: a bar with the time left, loss and metrics where a terminal is attached, one line an epoch
 * elsewhere (and with `verbose: 2`). Loss and metrics are read ten times a second at most. `fit` adds it by itself.
 */
export class ProgbarLogger extends Callback {
  readonly everyBatch = false;
  #inFit = false;
  #started = 0;
  #lastRead = 0;
  #steps = 0;
  #prefix = '';
  #bar: SingleBar | undefined;

  async onTrainBegin(): Promise<void> {
    this.#inFit = true;
  }
  async onEpochBegin(epoch: number): Promise<void> {
    await this.#begin(this.params.epochs > 1 ? `Epoch ${epoch + 1}/${this.params.epochs}` : '');
  }
  onTrainBatchEnd(batch: number, logs: Logs): void {
    this.#advance(batch, logs);
  }
  onEpochEnd(_epoch: number, logs: Logs): void {
    this.#end(logs);
  }
  async onTestBegin(): Promise<void> {
    if (!this.#inFit) await this.#begin('');
  }
  onTestBatchEnd(batch: number, logs: Logs): void {
    if (!this.#inFit) this.#advance(batch, logs);
  }
  onTestEnd(logs: Logs): void {
    if (!this.#inFit) this.#end(logs);
  }
  async onPredictBegin(): Promise<void> {
    await this.#begin('');
  }
  onPredictBatchEnd(batch: number): void {
    this.#advance(batch, {});
  }
  onPredictEnd(): void {
    this.#end({});
  }
  /** @internal Leaves the terminal as it was, also when a run fails. */
  stop(): void {
    this.#bar?.stop();
    this.#bar = undefined;
  }

  async #begin(prefix: string): Promise<void> {
    this.#prefix = prefix;
    this.#steps = 0;
    this.#lastRead = 0;
    const { verbose, steps } = this.params;
    if (verbose !== 2 && process.stdout.isTTY) {
      if (prefix) console.log(prefix);
      await this.#startBar(steps);
    }
    this.#started = performance.now();
  }
  async #startBar(steps: number | undefined): Promise<void> {
    const { default: cliProgress } = await import('cli-progress');
    this.#bar = new cliProgress.SingleBar({
      format: steps === undefined ? '{value}/Unknown {info}' : '{value}/{total} {bar} {info}',
      barCompleteChar: '━',
      barIncompleteChar: '─',
      barsize: 20,
      hideCursor: true,
      stream: process.stdout,
    });
    this.#bar.start(steps ?? 1, 0, { info: '' });
  }
  #advance(batch: number, logs: Logs): void {
    this.#steps = batch + 1;
    const now = performance.now();
    if (!this.#bar || now - this.#lastRead < interval) return;
    this.#lastRead = now;
    const perStep = (now - this.#started) / 1000 / this.#steps;
    const left = this.params.steps === undefined ? undefined : perStep * Math.max(this.params.steps - this.#steps, 0);
    const time = formatTime(left ?? perStep * this.#steps);
    this.#bar.update(this.#steps, { info: `${time} ${formatRate(perStep)}${formatLogs(logs)}` });
  }
  #end(logs: Logs): void {
    const seconds = (performance.now() - this.#started) / 1000;
    const [time, rate] = [`${Math.round(seconds)}s`, formatRate(seconds / Math.max(this.#steps, 1))];
    if (this.#bar) {
      this.#bar.setTotal(this.#steps);
      this.#bar.update(this.#steps, { info: `${time} ${rate}${formatLogs(logs)}` });
      this.stop();
    } else {
      const done = `${this.#steps}/${this.#steps}`;
      console.log(`${this.#prefix ? `${this.#prefix} - ` : ''}${done} - ${time} - ${rate}${formatLogs(logs)}`);
    }
  }
}
