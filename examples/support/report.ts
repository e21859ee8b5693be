// SPDX-License-Identifier: MIT
import { performance } from 'node:perf_hooks';
import cliProgress from 'cli-progress';

const percent = (share: number) => `${(100 * share).toFixed(2)} %`;

/** What the programs print of themselves: a bar on a terminal, a line an epoch elsewhere, JSON lines with `json`. */
export class Report {
  #bar: cliProgress.SingleBar | undefined;
  #epoch = 0;
  #started = 0;
  #seconds = 0;
  /** Of the epoch before. */
  #accuracy = '-';
  #train = { loss: 0, batches: 0, images: 0 };
  #test = { loss: 0, correct: 0, images: 0 };

  constructor(
    readonly style: string,
    readonly options: { epochs: number; json: boolean; batches: number },
  ) {
    if (options.json || !process.stderr.isTTY) return;
    const format =
      'epoch {epoch} [{bar}] {value}/{total} batches | loss {loss} | test accuracy {accuracy} | {speed} images/s';
    const hidden = { format, barsize: 24, hideCursor: true, clearOnComplete: true, stream: process.stderr };
    this.#bar = new cliProgress.SingleBar(hidden, cliProgress.Presets.shades_classic);
  }

  /** An epoch begins. */
  start(epoch: number): void {
    this.#epoch = epoch;
    this.#train = { loss: 0, batches: 0, images: 0 };
    this.#test = { loss: 0, correct: 0, images: 0 };
    this.#bar?.start(this.options.batches, 0, {
      epoch: `${epoch}/${this.options.epochs}`,
      loss: '-',
      accuracy: this.#accuracy,
      speed: '-',
    });
    this.#started = performance.now();
  }
  /** One batch was trained with this mean loss. */
  trained(loss: number, images: number): void {
    const train = this.#train;
    train.loss += loss;
    train.batches++;
    train.images += images;
    this.#bar?.update(train.batches, { loss: (train.loss / train.batches).toFixed(4), speed: this.#speed() });
  }
  /** Training is over, testing begins. */
  test(): void {
    this.#seconds = (performance.now() - this.#started) / 1000;
  }
  /** One batch was tested. */
  tested(loss: number, correct: number, images: number): void {
    this.#test.loss += loss * images;
    this.#test.correct += correct;
    this.#test.images += images;
  }
  /** The epoch is over. */
  finish(): void {
    this.#bar?.stop();
    const [train, test] = [this.#train, this.#test];
    const result = {
      style: this.style,
      epoch: this.#epoch,
      loss: train.loss / train.batches,
      testLoss: test.loss / test.images,
      accuracy: test.correct / test.images,
      seconds: this.#seconds,
      imagesPerSecond: train.images / this.#seconds,
    };
    this.#accuracy = percent(result.accuracy);
    console.log(this.options.json ? JSON.stringify(result) : this.#line(result));
  }

  #line(r: {
    epoch: number;
    loss: number;
    testLoss: number;
    accuracy: number;
    seconds: number;
    imagesPerSecond: number;
  }) {
    const accuracy = `accuracy ${percent(r.accuracy)}`;
    const speed = `${r.seconds.toFixed(2)} s, ${Math.round(r.imagesPerSecond).toLocaleString('en')} images/s`;
    return `epoch ${r.epoch}: loss ${r.loss.toFixed(4)}, test loss ${r.testLoss.toFixed(4)}, ${accuracy}, ${speed}`;
  }
  #speed(): string {
    const seconds = (performance.now() - this.#started) / 1000;
    return Math.round(this.#train.images / seconds).toLocaleString('en');
  }
}
