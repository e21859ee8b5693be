// SPDX-License-Identifier: MIT

/** Base of all errors that cresset raises on purpose; `code` is stable, the message is for people. */
export class CressetError extends Error {
  /** Stable identifier, e.g. `ERR_CRESSET_SHAPE`. */
  readonly code: string = 'ERR_CRESSET';
  override get name(): string {
    return this.constructor.name;
  }
}
/** Shapes or sizes do not fit together. */
export class ShapeError extends CressetError {
  override readonly code = 'ERR_CRESSET_SHAPE';
}
/** A dtype that the operation does not take. */
export class DTypeError extends CressetError {
  override readonly code = 'ERR_CRESSET_DTYPE';
}
/** A device, instruction set or thread backend that is not there. */
export class DeviceError extends CressetError {
  override readonly code = 'ERR_CRESSET_DEVICE';
}
/** The autograd graph does not allow it: freed, changed in place, or without history. */
export class GraphError extends CressetError {
  override readonly code = 'ERR_CRESSET_GRAPH';
}
/** A data set, file or buffer does not hold what it should. */
export class DataError extends CressetError {
  override readonly code = 'ERR_CRESSET_DATA';
}
/** A checkpoint cannot be read, written or applied. */
export class CheckpointError extends CressetError {
  override readonly code = 'ERR_CRESSET_CHECKPOINT';
}
/** The system or `setMemoryLimit()` has no more memory; inputs are intact. */
export class OutOfMemoryError extends CressetError {
  override readonly code = 'ERR_CRESSET_OUT_OF_MEMORY';
}

/** A `TypeError` with a cresset code: an argument of the wrong JavaScript type. */
export class ArgumentTypeError extends TypeError {
  readonly code = 'ERR_CRESSET_TYPE';
  override get name(): string {
    return 'TypeError';
  }
}
/** A `RangeError` with a cresset code: an index, dimension or number out of range. */
export class ArgumentRangeError extends RangeError {
  readonly code = 'ERR_CRESSET_RANGE';
  override get name(): string {
    return 'RangeError';
  }
}

/** In the order of `ErrorKind` in native/core/error.h. */
export const nativeErrorClasses = [
  ShapeError,
  DTypeError,
  DeviceError,
  GraphError,
  DataError,
  OutOfMemoryError,
  ArgumentTypeError,
  ArgumentRangeError,
  GraphError,
];
