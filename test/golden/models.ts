// SPDX-License-Identifier: MIT
import { nn, type Tensor } from '../../lib/index.js';
import type { ModuleClass } from './modules.js';

// The networks whose Python source is in the cases' `definition`.

class MLP extends nn.Module {
  fc1 = new nn.Linear(784, 128);
  fc2 = new nn.Linear(128, 10);
  override forward(x: Tensor): Tensor {
    return this.fc2.forward(this.fc1.forward(x.flatten(1)).relu());
  }
}

/** By the name of the Python class. */
export const models: Record<string, ModuleClass> = { MLP: MLP as unknown as ModuleClass };
