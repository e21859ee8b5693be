// SPDX-License-Identifier: MIT
#include "autograd/tape.h"

#include <algorithm>

namespace cresset {
namespace {

struct Scope {
  uint64_t since;
  size_t first_accessed;
  bool watches_variables;
};

thread_local std::vector<Scope> t_scopes;
thread_local std::vector<int64_t> t_accessed;
thread_local uint64_t t_session = 0;
thread_local int t_variable_scopes = 0;

bool belongs_to_tapes(const Edge& edge) {
  return edge.node ? edge.node->session != 0 : !grad_state(edge.leaf)->requires_grad;
}

void note_access(GradState& variable, uint64_t now) {
  if (variable.accessed < t_scopes.back().since) t_accessed.push_back(variable.variable);
  variable.accessed = now;
}

}  // namespace

uint64_t tape_session() noexcept { return t_session; }

bool is_active(const GradState& state) noexcept {
  if (state.node) return state.node->session == 0 || state.node->session == t_session;
  return state.requires_grad || state.watchers > 0 || (state.variable && t_variable_scopes > 0);
}

bool is_dormant(const GradState& state) noexcept {
  return !is_active(state) && (state.node || state.variable);
}

void note_input(Node& node, const Edge& edge) {
  if (!belongs_to_tapes(edge)) {
    node.session = 0;
  } else if (edge.leaf.defined() && !t_scopes.empty()) {
    GradState& state = *grad_state(edge.leaf);
    if (state.variable) note_access(state, node.sequence);
  }
}

uint64_t enter_tape(bool watch_variables, uint64_t resumed) {
  const uint64_t now = new_sequence();
  t_scopes.push_back({now, t_accessed.size(), watch_variables});
  t_variable_scopes += watch_variables;
  if (t_scopes.size() == 1) t_session = resumed ? resumed : now;
  return now;
}

std::vector<int64_t> leave_tape() {
  if (t_scopes.empty()) fail(ErrorKind::State, "tape: none records");
  const Scope scope = t_scopes.back();
  t_scopes.pop_back();
  t_variable_scopes -= scope.watches_variables;
  std::vector<int64_t> used(t_accessed.begin() + static_cast<int64_t>(scope.first_accessed),
                            t_accessed.end());
  if (t_scopes.empty()) {
    t_session = 0;
    t_accessed.clear();
  }
  return used;
}

int tapes_recording() noexcept { return static_cast<int>(t_scopes.size()); }

void make_variable(const Tensor& x, int64_t number) { ensure_grad_state(x).variable = number; }

void watch(const Tensor& x, int change) {
  if (!is_float(x.dtype()))
    fail(ErrorKind::DType, "watch: only floating point tensors have gradients, got dtype %s",
         name(x.dtype()));
  GradState& state = ensure_grad_state(x);
  if (is_dormant(state)) forget(x);
  state.watchers += change;
}

}  // namespace cresset
