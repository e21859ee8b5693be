// SPDX-License-Identifier: MIT
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ArgumentRangeError, ArgumentTypeError } from '../../errors.js';
import { checkNumber } from '../inputs.js';
import type { Logs } from './callback.js';
import { MonitorCallback, type MonitorOptions } from './monitor.js';

/** Options of {@link ModelCheckpoint}. */
export interface ModelCheckpointOptions extends Omit<MonitorOptions, 'minDelta'> {
  /** Save only when the watched value is better than ever. Default false. */
  saveBestOnly?: boolean | undefined;
  /** After each epoch (default), or after so many batches. */
  saveFreq?: 'epoch' | number | undefined;
  /** Save only what is better than this. */
  initialValueThreshold?: number | undefined;
}

/** A value in Python's format `02d`, `.4f` or `.2e`; as it is without one. */
function formatValue(value: number, format: string | undefined): string {
  const [, zero, width, precision, type] = /^(0?)(\d*)(?:\.(\d+))?([def])?$/.exec(format ?? '') ?? [];
  const digits = precision === undefined ? 6 : Number(precision);
  const text =
    type === 'f'
      ? value.toFixed(digits)
      : type === 'e'
        ? value.toExponential(digits)
        : String(type === 'd' ? Math.trunc(value) : value);
  return text.padStart(Number(width ?? 0), zero ? '0' : ' ');
}

/** `{epoch:02d}-{valLoss:.2f}` with the values put in. @throws RangeError for a name that is not among them */
function formatPath(template: string, values: Logs): string {
  return template.replaceAll(/\{(\w+)(?::([^}]*))?\}/g, (_, name: string, format?: string) => {
    const value = values[name];
    if (value !== undefined) return formatValue(value, format);
    throw new ArgumentRangeError(
      `ModelCheckpoint: filepath '${template}': expected one of ${Object.keys(values).join(', ')}, got {${name}}`,
    );
  });
}

/**
 * Saves the model's weights as a safetensors file. The path may hold `{epoch}` (from 1), `{batch}` and names of the logs,
 * with Python's formats: `'weights/{epoch:02d}-{valLoss:.2f}.safetensors'`. A file is whole or not there at all.
 */
export class ModelCheckpoint extends MonitorCallback {
  readonly filepath: string;
  readonly saveBestOnly: boolean;
  readonly saveFreq: 'epoch' | number;
  readonly #threshold: number | undefined;
  #epoch = 0;
  #batches = 0;

  constructor(filepath: string, options: ModelCheckpointOptions = {}) {
    super(options);
    const { saveBestOnly = false, saveFreq = 'epoch', initialValueThreshold } = options;
    if (typeof filepath !== 'string' || filepath === '') {
      throw new ArgumentTypeError(`ModelCheckpoint: filepath: expected a path, got ${typeof filepath}`);
    }
    if (saveFreq !== 'epoch') checkNumber('ModelCheckpoint: saveFreq', saveFreq, 1);
    if (initialValueThreshold !== undefined) {
      checkNumber('ModelCheckpoint: initialValueThreshold', initialValueThreshold);
    }
    this.filepath = filepath;
    this.saveBestOnly = Boolean(saveBestOnly);
    this.saveFreq = saveFreq;
    this.#threshold = initialValueThreshold;
    this.best = this.#threshold;
  }

  onEpochBegin(epoch: number): void {
    this.#epoch = epoch;
  }
  async onTrainBatchEnd(batch: number, logs: Logs): Promise<void> {
    if (this.saveFreq === 'epoch' || ++this.#batches < this.saveFreq) return;
    this.#batches = 0;
    await this.#save({ ...logs, batch: batch + 1 });
  }
  async onEpochEnd(_epoch: number, logs: Logs): Promise<void> {
    if (this.saveFreq === 'epoch') await this.#save(logs);
  }

  async #save(logs: Logs): Promise<void> {
    if (this.saveBestOnly && !this.#isBest(logs)) return;
    const path = formatPath(this.filepath, { ...logs, epoch: this.#epoch + 1 });
    await mkdir(dirname(path), { recursive: true });
    await this.model.saveWeights(path);
    this.tell(this.#epoch, `saved the weights to ${path}`);
  }
  /** Where the value is missing, the weights are saved rather than lost. */
  #isBest(logs: Logs): boolean {
    const current = this.watched(logs);
    if (current === undefined) return true;
    const isBest = this.isBetter(current, this.best);
    this.tell(
      this.#epoch,
      `${this.monitor} ${current} is ${isBest ? '' : 'not '}better than ${this.best ?? 'nothing'}`,
    );
    if (isBest) this.best = current;
    return isBest;
  }
}
