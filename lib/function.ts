// SPDX-License-Identifier: MIT
import { isGradEnabled, noGrad } from './autograd.js';
import { zeros } from './creation.js';
import { ArgumentTypeError, GraphError } from './errors.js';
import { type Handle, rawFunction } from './raw.js';
import { fromHandle, handleOf, Tensor } from './tensor.js';

type RawBackward = (grads: (Handle | null)[], saved: Handle[]) => (Handle | undefined)[];
const rawRecordFunction =
  rawFunction<(name: string, inputs: Handle[], outputs: Handle[], saved: Handle[], backward: RawBackward) => Handle[]>(
    'recordFunction',
  );

/** What a gradient may be: `undefined` and `null` stand for zero. */
export type MaybeTensor = Tensor | undefined | null;

/** Carries what `forward` leaves for `backward`. Numbers and the like may be kept as properties of it. */
export class FunctionContext {
  #saved: readonly Tensor[] = [];
  /** Which arguments of `forward` need a gradient. */
  readonly needsInputGrad: readonly boolean[];
  // biome-ignore lint/suspicious/noExplicitAny: users keep what they like
  [key: string]: any;

  /** @internal */
  constructor(needsInputGrad: readonly boolean[]) {
    this.needsInputGrad = needsInputGrad;
  }

  /**
   * Keeps arguments or results of `forward` for `backward`; call it once, inside `forward`. Tensors kept in other ways
   * are neither checked for in-place changes nor part of higher orders, and a result kept so is never freed.
   */
  saveForBackward(...tensors: Tensor[]): void {
    for (const [i, x] of tensors.entries()) handleOf(x, `saveForBackward: argument ${i}`);
    this.#saved = tensors;
  }
  /** What `saveForBackward` kept. @throws GraphError if one was changed in place since, or the graph was freed. */
  get savedTensors(): readonly Tensor[] {
    return this.#saved;
  }
  /** @internal Runs `body` with these as the saved tensors; none are held outside of it. */
  static use<T>(ctx: FunctionContext, saved: readonly Tensor[], body: () => T): T {
    ctx.#saved = saved;
    try {
      return body();
    } finally {
      ctx.#saved = [];
    }
  }
}

/**
 * A function with a gradient of your own, as `torch.autograd.Function`:
 *
 * ```ts
 * class Exp extends AutogradFunction {
 *   static override forward(ctx: FunctionContext, x: Tensor) {
 *     const y = x.exp();
 *     ctx.saveForBackward(y);
 *     return y;
 *   }
 *   static override backward(ctx: FunctionContext, grad: Tensor) {
 *     const [y] = ctx.savedTensors as [Tensor];
 *     return grad.mul(y);
 *   }
 * }
 * const y = Exp.apply(x);
 * ```
 * `forward` runs without recording. `backward` gets one gradient for each result (zeros if none arrived) and returns one
 * for each argument of `forward`, `undefined` for those that are not tensors. It is recorded itself under
 * `createGraph`, so higher orders work where its ops have gradients. Results must not be changed in place by `forward`.
 */
// biome-ignore lint/complexity/noStaticOnlyClass: PyTorch's form
export abstract class AutogradFunction {
  // biome-ignore lint/suspicious/noExplicitAny: each function has arguments of its own
  static forward(_ctx: FunctionContext, ..._args: any[]): Tensor | Tensor[] {
    throw new ArgumentTypeError('AutogradFunction: the class has no static forward(ctx, …)');
  }
  // biome-ignore lint/suspicious/noExplicitAny: each function has results of its own
  static backward(_ctx: FunctionContext, ..._grads: any[]): MaybeTensor | MaybeTensor[] {
    throw new ArgumentTypeError('AutogradFunction: the class has no static backward(ctx, …)');
  }

  /** Runs `forward` and records the call. @throws whatever `forward` throws */
  static apply<C extends typeof AutogradFunction>(
    this: C,
    ...args: C['forward'] extends (ctx: FunctionContext, ...args: infer A) => unknown ? A : never
  ): ReturnType<C['forward']> {
    if (typeof this !== 'function' || !(this.prototype instanceof AutogradFunction)) {
      throw new ArgumentTypeError('AutogradFunction: call apply on a class that extends AutogradFunction');
    }
    return applyFunction(this, args) as ReturnType<C['forward']>;
  }
}

function applyFunction(cls: typeof AutogradFunction, args: readonly unknown[]): Tensor | Tensor[] {
  const { name } = cls;
  const needed = args.map((arg) => arg instanceof Tensor && arg.requiresGrad);
  const ctx = new FunctionContext(needed);
  const result = noGrad(() => cls.forward(ctx, ...args));
  const outputs = Array.isArray(result) ? result : [result];
  const handles = outputs.map((x, i) => handleOf(x, `${name}: result ${i} of forward`));
  const saved = ctx.savedTensors.map((x) => handleOf(x));
  FunctionContext.use(ctx, [], () => undefined);
  if (!isGradEnabled() || !needed.includes(true)) return result;
  const at = args.flatMap((arg, i) => (arg instanceof Tensor ? [i] : []));
  const inputs = at.map((i) => handleOf(args[i] as Tensor));
  const layout = outputs.map(({ shape, dtype }) => ({ shape, dtype }));
  const callback = makeBackward(cls, ctx, { layout, at, count: args.length });
  const recorded = rawRecordFunction(name, inputs, handles, saved, callback).map(fromHandle);
  return Array.isArray(result) ? recorded : (recorded[0] as Tensor);
}

interface Call {
  layout: readonly Pick<Tensor, 'shape' | 'dtype'>[];
  at: readonly number[]; // positions of tensors among the arguments
  count: number;
}

/** What the node calls. It must not hold the tensors of the call, or they would keep each other alive. */
function makeBackward(cls: typeof AutogradFunction, ctx: FunctionContext, { layout, at, count }: Call): RawBackward {
  return (rawGrads, rawSaved) => {
    const grads = layout.map(({ shape, dtype }, i) => {
      const g = rawGrads[i];
      return g ? fromHandle(g) : zeros(shape, { dtype });
    });
    const returned = FunctionContext.use(ctx, rawSaved.map(fromHandle), () => cls.backward(ctx, ...grads));
    const list = Array.isArray(returned) ? returned : [returned];
    if (list.length !== count) {
      throw new GraphError(
        `${cls.name}: backward returned ${list.length} gradients for the ${count} arguments of forward`,
      );
    }
    return at.map((i) => {
      const g = list[i];
      return g == null ? undefined : handleOf(g, `${cls.name}: gradient ${i} of backward`);
    });
  };
}
