// SPDX-License-Identifier: MIT
import { performance } from 'node:perf_hooks';
import { callbacks, type FitArrayOptions } from 'cresset/keras';

/** Prints a JSON line an epoch; the seconds are those of training, without the test. */
class JsonLines extends callbacks.Callback {
  #started = 0;
  #seconds = 0;

  constructor(readonly images: number) {
    super();
  }
  onEpochBegin() {
    this.#started = performance.now();
  }
  onTestBegin() {
    this.#seconds = (performance.now() - this.#started) / 1000;
  }
  onEpochEnd(epoch: number, logs: callbacks.Logs) {
    const line = {
      style: 'keras',
      epoch: epoch + 1,
      loss: logs.loss,
      trainAccuracy: logs.accuracy,
      testLoss: logs.valLoss,
      accuracy: logs.valAccuracy,
      seconds: this.#seconds,
      imagesPerSecond: this.images / this.#seconds,
    };
    console.log(JSON.stringify(line));
  }
}

/** Options of `fit` and `evaluate` that print JSON lines of training and test in place of text. */
export function jsonLines(images: number, test: FitArrayOptions['validationData']): FitArrayOptions {
  return { verbose: 0, validationData: test, callbacks: [new JsonLines(images)] };
}
