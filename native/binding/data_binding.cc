// SPDX-License-Identifier: MIT
#include "autograd/node.h"
#include "binding/addon.h"
#include "binding/call_queue.h"
#include "data/preparer.h"

// Batches made of rows, now or on the thread that prepares them (lib/data/recipe.ts).
namespace cresset::binding {
namespace {

using data::Column;
using data::Job;
using data::Recipe;
using SharedRecipe = std::shared_ptr<const Recipe>;

// Of rows as they lie there, or of images [N, H, W] as [1, H, W].
Column column_of(const Tensor& source, const double* scale) {
  Column column = {source, scale != nullptr, 0, 1, {}, nullptr};
  if (scale) {
    column.mean = static_cast<float>(scale[0]);
    column.std = static_cast<float>(scale[1]);
    column.row.push_back(1);
  }
  for (int i = 1; i < source.ndim(); ++i) column.row.push_back(source.size(i));
  return column;
}

// What lib/vision/plan.ts writes: numbers one after the other.
class PlanReader {
 public:
  explicit PlanReader(std::span<const double> plan) : plan_(plan) {}
  double number() {
    if (plan_.empty()) fail(ErrorKind::Range, "batch: the plan ends early");
    const double first = plan_.front();
    plan_ = plan_.subspan(1);
    return first;
  }
  int integer() { return static_cast<int>(number()); }
  std::vector<float> floats(int n) {
    std::vector<float> out;
    for (int i = 0; i < n; ++i) out.push_back(static_cast<float>(number()));
    return out;
  }
  data::Step step() {
    data::Step step{};
    step.kind = static_cast<data::Step::Kind>(integer());
    for (int* side : {&step.left, &step.top, &step.right, &step.bottom}) *side = integer();
    step.border = static_cast<data::Border>(integer());
    step.fill = integer();
    step.height = integer();
    step.width = integer();
    step.p = number();
    return step;
  }

 private:
  std::span<const double> plan_;
};

std::shared_ptr<const data::Augment> read_plan(std::span<const double> numbers) {
  PlanReader plan(numbers);
  auto augment = std::make_shared<data::Augment>();
  for (int* size : {&augment->channels, &augment->height, &augment->width, &augment->out_height,
                    &augment->out_width})
    *size = plan.integer();
  augment->mean = plan.floats(augment->channels);
  augment->std = plan.floats(augment->channels);
  augment->fills = plan.floats(plan.integer() * augment->channels);
  for (int n = plan.integer(); n > 0; --n) augment->steps.push_back(plan.step());
  return augment;
}

Column augmented(const Tensor& source, std::shared_ptr<const data::Augment> plan) {
  const Dims row = {plan->channels, plan->out_height, plan->out_width};
  return {source, true, 0, 1, row, std::move(plan)};
}

// By another thread, without a graph and at any time.
bool readable_behind(const Tensor& x) {
  return x.contiguous() && x.storage().data && !is_shared(x) && !requires_grad(x);
}

void drop_recipe(napi_env, void* data, void*) { delete static_cast<SharedRecipe*>(data); }

// makeRecipe(images, scales, rows, plan?): the columns of a batch; null if the sources cannot be
// read in the background
napi_value make_recipe(napi_env env, napi_callback_info info) {
  return guarded(env, [&] {
    const CallArgs args(env, info, "batch");
    const Tensors images = args.tensors(0, "images"), rows = args.tensors(2, "rows");
    const auto scales = array_of<double>(args, 1, napi_float64_array);
    auto recipe = std::make_shared<Recipe>();
    const bool planned = args.given(3);
    for (size_t i = 0; i < images.size(); ++i)
      recipe->columns.push_back(
          planned ? augmented(images[i], read_plan(array_of<double>(args, 3, napi_float64_array)))
                  : column_of(images[i], scales.data() + 2 * i));
    for (const Tensor& x : rows) recipe->columns.push_back(column_of(x, nullptr));
    recipe->count = recipe->columns.front().source.size(0);
    napi_value null;
    napi_get_null(env, &null);
    for (const Column& column : recipe->columns)
      if (!readable_behind(column.source)) return null;
    return make_external(env, new SharedRecipe(std::move(recipe)), drop_recipe);
  });
}

// ready(id) in JavaScript.
void call_ready(napi_env env, napi_value function, void* posted) {
  if (!env) return;
  guarded(env, [&] {
    napi_value result;
    const napi_value id = to_js(env, static_cast<int64_t>(reinterpret_cast<intptr_t>(posted)));
    check(env, napi_call_function(env, undefined(env), function, 1, &id, &result), "batch");
    return undefined(env);
  });
}

constexpr CallQueue::Kind kBatches = {"cresset batches", call_ready, data::cancel_all};

// openBatches(ready), once for an environment
napi_value open_batches(napi_env env, napi_callback_info info) {
  return guarded(env, [&] { return CallQueue::open<kBatches>(CallArgs(env, info, "batch"), 0); });
}

void drop_job(napi_env, void* data, void*) { const Ref<Job> last(static_cast<Job*>(data)); }

// Positions, all of them inside the sources, whose memory is still there.
PooledVector<int64_t> checked_rows(const CallArgs& args, const Recipe& recipe, size_t at) {
  const auto given = array_of<int32_t>(args, at, napi_int32_array);
  const PooledVector<int64_t> rows(given.begin(), given.end());
  data::check_rows(recipe, rows);
  for (const Column& column : recipe.columns) check_memory(args.owner, column.source);
  return rows;
}

// deferBatch(recipe, rows): a batch that compiled functions gather
napi_value defer_batch(napi_env env, napi_callback_info info) {
  return guarded(env, [&] {
    const CallArgs args(env, info, "batch");
    const auto& recipe = args.external<SharedRecipe>(0);
    return to_js(env, data::defer(recipe, checked_rows(args, *recipe, 1)));
  });
}

// prepareBatch(recipe, rows, queue, id, seed, first): null if it is to be deferred
napi_value prepare_batch(napi_env env, napi_callback_info info) {
  return guarded(env, [&] {
    const CallArgs args(env, info, "batch");
    const auto& recipe = args.external<SharedRecipe>(0);
    Ref<Job> job(new Job);
    job->recipe = recipe;
    job->rows = checked_rows(args, *recipe, 1);
    const auto count = static_cast<int64_t>(job->rows.size());
    napi_value null;
    napi_get_null(env, &null);
    if (data::defers(*recipe, count)) return null;
    job->batch = data::make_room(*recipe, count);
    job->owner = &args.external<CallQueue>(2);
    job->id = args.integer(3, "id");
    job->visits = {static_cast<uint64_t>(args.integer(4, "seed")), args.integer(5, "first")};
    job->notify = [](Job* ready) {
      static_cast<CallQueue*>(ready->owner)->post(reinterpret_cast<void*>(ready->id));
    };
    const napi_value handle = make_external(env, Ref<Job>(job).release(), drop_job);
    data::submit(job);
    return handle;
  });
}

// takeBatch(job): its tensors, or null if they are not ready
napi_value take_batch(napi_env env, napi_callback_info info) {
  return guarded(env, [&] {
    const CallArgs args(env, info, "batch");
    Job& job = args.external<Job>(0);
    napi_value null;
    napi_get_null(env, &null);
    return job.ready() ? to_js(env, job.take()) : null;
  });
}

// awaitBatch(job): will the queue's function be called? Else it is ready now
napi_value await_batch(napi_env env, napi_callback_info info) {
  return guarded(env, [&] {
    const CallArgs args(env, info, "batch");
    Job& job = args.external<Job>(0);
    const bool awaited = job.await();
    if (awaited) static_cast<CallQueue*>(job.owner)->expect();
    return to_js(env, awaited);
  });
}

}  // namespace

void define_data(napi_env env, napi_value exports) {
  define(env, exports, "makeRecipe", make_recipe);
  define(env, exports, "openBatches", open_batches);
  define(env, exports, "deferBatch", defer_batch);
  define(env, exports, "prepareBatch", prepare_batch);
  define(env, exports, "takeBatch", take_batch);
  define(env, exports, "awaitBatch", await_batch);
}

}  // namespace cresset::binding
