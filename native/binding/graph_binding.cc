// SPDX-License-Identifier: MIT
#include <algorithm>

#include "autograd/node.h"
#include "binding/addon.h"
#include "binding/call_queue.h"
#include "graph/executor.h"
#include "graph/recorder.h"

// Recording a function and running what was recorded (lib/compile.ts).
namespace cresset::binding {
namespace {

using graph::Job;
using graph::Program;
using graph::Run;

// The recording of this thread; recordings do not nest.
struct Recording {
  napi_env env;
  napi_ref locate;
  std::unique_ptr<graph::GraphRecorder> recorder;

  ~Recording() {
    recorder.reset();
    napi_delete_reference(env, locate);
  }
  int place() const {
    napi_value function, result;
    double number = -1;
    check(env, napi_get_reference_value(env, locate, &function), "compile");
    check(env, napi_call_function(env, undefined(env), function, 0, nullptr, &result), "compile");
    napi_get_value_double(env, result, &number);
    return static_cast<int>(number);
  }
};
thread_local std::unique_ptr<Recording> t_recording;
thread_local int t_failed_site = -1;

graph::GraphRecorder& recording() {
  if (!t_recording) fail(ErrorKind::State, "compile: nothing is being recorded");
  return *t_recording->recorder;
}

// startRecording(locate)
napi_value start_recording(napi_env env, napi_callback_info info) {
  return guarded(env, [&] {
    const CallArgs args(env, info, "compile");
    if (t_recording) fail(ErrorKind::State, "compile: a function is being recorded already");
    auto started = std::make_unique<Recording>();
    started->env = env;
    check(env, napi_create_reference(env, args[0], 1, &started->locate), "compile");
    started->recorder = std::make_unique<graph::GraphRecorder>(
        [recording = started.get()] { return recording->place(); });
    t_recording = std::move(started);
    return undefined(env);
  });
}

// addInput(like): the tensor that stands for it
napi_value add_input(napi_env env, napi_callback_info info) {
  return guarded(env, [&] {
    const CallArgs args(env, info, "compile");
    const Tensor like = args.tensor(0, "argument", Needs::Description);
    if (requires_grad(like) && !is_leaf(like))
      fail(ErrorKind::State,
           "compile: an argument is the result of a recorded operation; detach() it first");
    return make_handle(env, recording().add_input(like));
  });
}

// addNumbers(n): a vector of n, or for 0 a number
napi_value add_numbers(napi_env env, napi_callback_info info) {
  return guarded(env, [&] {
    const CallArgs args(env, info, "compile");
    const int64_t n = args.integer(0, "n");
    return make_handle(env, n ? recording().add_numbers(n) : recording().add_number());
  });
}

// pauseRecording(paused): calls run for a while
napi_value pause_recording(napi_env env, napi_callback_info info) {
  return guarded(env, [&] {
    const CallArgs args(env, info, "compile");
    set_recorder(args.boolean(0, "paused") ? nullptr : &recording());
    return undefined(env);
  });
}

void drop_program(napi_env, void* data, void*) {
  delete static_cast<std::shared_ptr<Program>*>(data);
}

Program& program_of(const CallArgs& args, size_t at) {
  return *args.external<std::shared_ptr<Program>>(at);
}

// finishRecording(outputs): the program; without outputs the recording is dropped
napi_value finish_recording(napi_env env, napi_callback_info info) {
  return guarded(env, [&] {
    const CallArgs args(env, info, "compile");
    const auto finished = std::move(t_recording);
    if (!finished || !args.given(0)) return undefined(env);
    graph::Graph graph = finished->recorder->finish(args.tensors(0, "outputs"));
    return make_external(env, new std::shared_ptr<Program>(Program::build(std::move(graph))),
                         drop_program);
  });
}

// accepts(program, inputs)
napi_value accepts(napi_env env, napi_callback_info info) {
  return guarded(env, [&] {
    const CallArgs args(env, info, "compile");
    const Tensors inputs = args.tensors(1, "arguments", false, Needs::Description);
    for (const Tensor& x : inputs)
      if (!is_leaf(x))
        fail(ErrorKind::State,
             "compile: an argument is the result of a recorded operation; detach() it first");
    return to_js(env, program_of(args, 0).accepts(inputs));
  });
}

const void* array_of(const CallArgs& args, size_t at, int64_t least) {
  void* data = nullptr;
  size_t length = 0;
  napi_typedarray_type type;
  check(args.env,
        napi_get_typedarray_info(args.env, args[at], &type, &length, &data, nullptr, nullptr),
        args.function);
  if (static_cast<int64_t>(length) < least)
    fail(ErrorKind::Range, "%s: expected %lld values, got %zu", args.function,
         static_cast<long long>(least), length);
  return data;
}

// From (program, inputs, numbers, draws), each of the `count` runs' one after the other: run i.
Ref<Run> prepare(const CallArgs& args, const Tensors& inputs, int64_t i = 0, int64_t count = 1) {
  Program& program = program_of(args, 0);
  const auto own = static_cast<int64_t>(inputs.size()) / count;
  const int64_t numbers = program.number_count(), draws = 2 * program.draw_count();
  return program.prepare(
      Tensors(inputs.begin() + i * own, inputs.begin() + (i + 1) * own),
      static_cast<const double*>(array_of(args, 2, count * numbers)) + i * numbers,
      static_cast<const int64_t*>(array_of(args, 3, count * draws)) + i * draws);
}
Tensors inputs_of(const CallArgs& args) {
  return args.tensors(1, "arguments", false, Needs::Description);
}

// replay(program, inputs, numbers, draws): the results
napi_value replay(napi_env env, napi_callback_info info) {
  return guarded(env, [&] {
    const CallArgs args(env, info, "compile");
    program_of(args, 0).for_each_shared([&](Storage& x) { check_memory(args.owner, x); });
    const Ref<Run> run = prepare(args, inputs_of(args));
    run->program->wait(*run);
    run->program->execute(*run);
    t_failed_site = run->failed_site;
    if (run->failed) throw run->error;
    return to_js(env, run->program->results(*run));
  });
}

// Where the last replay failed.
napi_value failed_site(napi_env env, napi_callback_info) {
  return guarded(env, [&] { return to_js(env, static_cast<int64_t>(t_failed_site)); });
}

napi_value error_value(napi_env env, const Error& error) {
  napi_value value;
  throw_error(env, error);
  napi_get_and_clear_last_exception(env, &value);
  return value;
}

// Of all runs, one after the other.
Tensors results_of(const Job& job) {
  Tensors results;
  for (const auto& run : job.runs)
    for (const Tensor& x : run->program->results(*run)) results.push_back(x);
  return results;
}

// settle(id, error, failedSite, results) in JavaScript.
void settle_job(napi_env env, napi_value function, void* posted) {
  const std::unique_ptr<Job> job(static_cast<Job*>(posted));
  if (!env) return;
  guarded(env, [&] {
    napi_value null, result;
    napi_get_null(env, &null);
    napi_value args[] = {to_js(env, job->id), null, to_js(env, int64_t{-1}), null};
    const auto failed = std::ranges::find_if(
        job->runs, [](const Ref<Run>& run) { return run->failed_before_results(); });
    if (failed != job->runs.end()) {
      args[1] = error_value(env, (*failed)->error);
      args[2] = to_js(env, int64_t{(*failed)->failed_site});
    } else {
      try {
        args[3] = to_js(env, results_of(*job));
      } catch (const Error& error) {
        args[1] = error_value(env, error);
      }
    }
    check(env, napi_call_function(env, undefined(env), function, 4, args, &result), "run");
    return undefined(env);
  });
}

constexpr CallQueue::Kind kRuns = {"cresset run", settle_job, graph::cancel_all};

// openQueue(settle), once for an environment
napi_value open_queue(napi_env env, napi_callback_info info) {
  return guarded(env, [&] { return CallQueue::open<kRuns>(CallArgs(env, info, "run"), 0); });
}

// openSequence(): of jobs, for submitRuns
napi_value open_sequence(napi_env env, napi_callback_info) {
  return guarded(env, [&] {
    const auto drop = [](napi_env, void* data, void*) {
      delete static_cast<graph::Stopped*>(data);
    };
    return make_external(env, new graph::Stopped(new std::atomic<bool>(false)), drop);
  });
}

// stopSequence(sequence): no run of it begins any more
napi_value stop_sequence(napi_env env, napi_callback_info info) {
  return guarded(env, [&] {
    CallArgs(env, info, "run").external<graph::Stopped>(0)->store(true);
    return undefined(env);
  });
}

// submitRuns(program, inputs, numbers, draws, count, queue, id, sequence?)
napi_value submit(napi_env env, napi_callback_info info) {
  return guarded(env, [&] {
    const CallArgs args(env, info, "run");
    const int64_t count = args.integer(4, "count");
    auto& queue = args.external<CallQueue>(5);
    program_of(args, 0).need_own_memory();
    auto job = std::make_unique<Job>();
    const Tensors inputs = inputs_of(args);
    for (int64_t i = 0; i < count; ++i) {
      job->runs.push_back(prepare(args, inputs, i, count));
      job->runs.back()->own_inputs();
    }
    job->owner = &queue;
    job->id = args.integer(6, "id");
    if (args.given(7)) job->stopped = args.external<graph::Stopped>(7);
    job->done = [](Job* done) {
      if (!static_cast<CallQueue*>(done->owner)->post(done)) delete done;
    };
    graph::submit(std::move(job));
    queue.expect();
    return undefined(env);
  });
}

// cancelRuns(queue, id): had it not begun?
napi_value cancel(napi_env env, napi_callback_info info) {
  return guarded(env, [&] {
    const CallArgs args(env, info, "run");
    auto& queue = args.external<CallQueue>(0);
    const bool cancelled = graph::cancel(&queue, args.integer(1, "id")) != nullptr;
    if (cancelled) queue.forget();
    return to_js(env, cancelled);
  });
}

void set(napi_env env, napi_value object, const char* key, napi_value value) {
  check(env, napi_set_named_property(env, object, key, value), key);
}

template <class List, class F>
napi_value array(napi_env env, const List& list, F f) {
  napi_value out;
  uint32_t i = 0;
  check(env, napi_create_array(env, &out), "explain");
  for (const auto& item : list) check(env, napi_set_element(env, out, i++, f(item)), "explain");
  return out;
}

// explainProgram(program)
napi_value explain_program(napi_env env, napi_callback_info info) {
  return guarded(env, [&] {
    const CallArgs args(env, info, "explain");
    Program& program = program_of(args, 0);
    const graph::Report& report = program.report();
    napi_value object;
    check(env, napi_create_object(env, &object), "explain");
    const auto number = [&](const char* key, int64_t n) { set(env, object, key, to_js(env, n)); };
    set(env, object, "ops", array(env, program.code(), [&](const graph::Instruction& i) {
          return to_js(env, i.op->name);
        }));
    set(env, object, "sites", array(env, program.code(), [&](const graph::Instruction& i) {
          return to_js(env, static_cast<int64_t>(i.site));
        }));
    set(env, object, "fused", array(env, report.fused, [&](const std::string& names) {
          return to_js(env, names.c_str());
        }));
    number("recorded", report.recorded);
    number("dead", report.dead);
    number("repeated", report.repeated);
    number("copies", report.copies);
    number("before", report.separate);
    number("after", report.arena);
    return object;
  });
}

}  // namespace

void define_graph(napi_env env, napi_value exports) {
  define(env, exports, "startRecording", start_recording);
  define(env, exports, "addInput", add_input);
  define(env, exports, "addNumbers", add_numbers);
  define(env, exports, "pauseRecording", pause_recording);
  define(env, exports, "finishRecording", finish_recording);
  define(env, exports, "accepts", accepts);
  define(env, exports, "replay", replay);
  define(env, exports, "failedSite", failed_site);
  define(env, exports, "openQueue", open_queue);
  define(env, exports, "openSequence", open_sequence);
  define(env, exports, "stopSequence", stop_sequence);
  define(env, exports, "submitRuns", submit);
  define(env, exports, "cancelRuns", cancel);
  define(env, exports, "explainProgram", explain_program);
}

}  // namespace cresset::binding
