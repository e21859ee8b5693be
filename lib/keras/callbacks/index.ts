// SPDX-License-Identifier: MIT
export {
  Callback,
  type CallbackHooks,
  type CallbackLike,
  type CallbackParams,
  LambdaCallback,
  type Logs,
} from './callback.js';
export { CSVLogger, type CSVLoggerOptions } from './csv-logger.js';
export { EarlyStopping, type EarlyStoppingOptions } from './early-stopping.js';
export { History } from './history.js';
export { LearningRateScheduler, ReduceLROnPlateau, type ReduceLROnPlateauOptions } from './learning-rate.js';
export { ModelCheckpoint, type ModelCheckpointOptions } from './model-checkpoint.js';
export { MonitorCallback, type MonitorMode, type MonitorOptions } from './monitor.js';
export { ProgbarLogger } from './progress.js';
export { TerminateOnNaN } from './terminate-on-nan.js';
