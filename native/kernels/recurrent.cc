// SPDX-License-Identifier: MIT
#include "kernels/simd_math.h"
#include "kernels/table.h"

// What recurrent cells do after their matrix products, a block of hidden units at a time.
namespace cresset {
namespace {

// Calls f(row, unit, n) for every vector of the block, of which n lanes exist.
template <class T, class F>
SIMD_INLINE void for_each_vector(const CellBlock& block, F f) {
  for (int64_t row = 0; row < block.rows; ++row)
    for (int64_t unit = 0; unit < block.units; unit += kLanes<T>) f(row, unit, block.units - unit);
}

// A block of [rows, hidden], and of a gate among [rows, gates, hidden].
template <class T>
struct Block {
  T* data;
  int64_t stride;
  SIMD_INLINE Vec<T> get(int64_t row, int64_t unit, int64_t n) const {
    return load_first(data + row * stride + unit, n, T(0));
  }
  SIMD_INLINE void put(int64_t row, int64_t unit, int64_t n, Vec<T> v) const {
    store_first(data + row * stride + unit, n, v);
  }
};
template <class T>
Block<T> state(const CellBlock& block, const void* data) {
  return {const_cast<T*>(static_cast<const T*>(data)), block.hidden};
}
template <class T>
Block<T> gate(const CellBlock& block, const void* data, int gates, int index) {
  return {const_cast<T*>(static_cast<const T*>(data)) + index * block.hidden, gates * block.hidden};
}

// i, f, g, o: c' = f c + i g, h' = o tanh(c').
template <class T>
void lstm(const CellBlock& block, const LstmState& s) {
  const Block<T> i = gate<T>(block, s.gates, 4, 0), f = gate<T>(block, s.gates, 4, 1),
                 g = gate<T>(block, s.gates, 4, 2), o = gate<T>(block, s.gates, 4, 3);
  const Block<T> before = state<T>(block, s.c_before), c = state<T>(block, s.c),
                 h = state<T>(block, s.h);
  for_each_vector<T>(block, [&](int64_t row, int64_t unit, int64_t n) {
    const Vec<T> vi = vsigmoid(i.get(row, unit, n)), vf = vsigmoid(f.get(row, unit, n));
    const Vec<T> vg = vtanh(g.get(row, unit, n)), vo = vsigmoid(o.get(row, unit, n));
    const Vec<T> vc = fma(vf, before.get(row, unit, n), vi * vg);
    i.put(row, unit, n, vi);
    f.put(row, unit, n, vf);
    g.put(row, unit, n, vg);
    o.put(row, unit, n, vo);
    c.put(row, unit, n, vc);
    h.put(row, unit, n, vo * vtanh(vc));
  });
}

template <class T>
void lstm_backward(const CellBlock& block, const LstmState& s, const LstmGradients& d) {
  const Block<T> i = gate<T>(block, s.gates, 4, 0), f = gate<T>(block, s.gates, 4, 1),
                 g = gate<T>(block, s.gates, 4, 2), o = gate<T>(block, s.gates, 4, 3);
  const Block<T> di = gate<T>(block, d.gates, 4, 0), df = gate<T>(block, d.gates, 4, 1),
                 dg = gate<T>(block, d.gates, 4, 2), d_o = gate<T>(block, d.gates, 4, 3);
  const Block<T> before = state<T>(block, s.c_before), c = state<T>(block, s.c),
                 dh = state<T>(block, d.h), dc = state<T>(block, d.c);
  for_each_vector<T>(block, [&](int64_t row, int64_t unit, int64_t n) {
    const Vec<T> vi = i.get(row, unit, n), vf = f.get(row, unit, n), vg = g.get(row, unit, n);
    const Vec<T> vo = o.get(row, unit, n), vdh = dh.get(row, unit, n);
    const Vec<T> t = vtanh(c.get(row, unit, n));
    const Vec<T> vdc = fma(vdh * vo, T(1) - t * t, dc.get(row, unit, n));
    di.put(row, unit, n, vdc * vg * (vi * (T(1) - vi)));
    df.put(row, unit, n, vdc * before.get(row, unit, n) * (vf * (T(1) - vf)));
    dg.put(row, unit, n, vdc * vi * (T(1) - vg * vg));
    d_o.put(row, unit, n, vdh * t * (vo * (T(1) - vo)));
    dc.put(row, unit, n, vdc * vf);
  });
}

// r, z, n with n = tanh(x + r y), y the state's part: h' = n + z (h - n).
template <class T>
void gru(const CellBlock& block, const GruState& s) {
  const Block<T> r = gate<T>(block, s.gates, 3, 0), z = gate<T>(block, s.gates, 3, 1),
                 candidate = gate<T>(block, s.gates, 3, 2), y = state<T>(block, s.y);
  const Block<T> before = state<T>(block, s.h_before), h = state<T>(block, s.h);
  for_each_vector<T>(block, [&](int64_t row, int64_t unit, int64_t n) {
    const Vec<T> vr = vsigmoid(r.get(row, unit, n)), vz = vsigmoid(z.get(row, unit, n));
    const Vec<T> vn = vtanh(fma(vr, y.get(row, unit, n), candidate.get(row, unit, n)));
    r.put(row, unit, n, vr);
    z.put(row, unit, n, vz);
    candidate.put(row, unit, n, vn);
    h.put(row, unit, n, fma(vz, before.get(row, unit, n) - vn, vn));
  });
}

template <class T>
void gru_backward(const CellBlock& block, const GruState& s, const GruGradients& d) {
  const Block<T> r = gate<T>(block, s.gates, 3, 0), z = gate<T>(block, s.gates, 3, 1),
                 candidate = gate<T>(block, s.gates, 3, 2), y = state<T>(block, s.y);
  const Block<T> before = state<T>(block, s.h_before), dh = state<T>(block, d.h);
  for_each_vector<T>(block, [&](int64_t row, int64_t unit, int64_t n) {
    const Vec<T> vr = r.get(row, unit, n), vz = z.get(row, unit, n);
    const Vec<T> vn = candidate.get(row, unit, n), vdh = dh.get(row, unit, n);
    const Vec<T> dn = vdh * (T(1) - vz) * (T(1) - vn * vn);
    const Vec<T> dz = vdh * (before.get(row, unit, n) - vn) * (vz * (T(1) - vz));
    const Vec<T> dr = dn * y.get(row, unit, n) * (vr * (T(1) - vr));
    const Vec<T> from_x[] = {dr, dz, dn}, from_h[] = {dr, dz, dn * vr};
    for (int k = 0; k < 3; ++k) {
      gate<T>(block, d.gates_x, 3, k).put(row, unit, n, from_x[k]);
      gate<T>(block, d.gates_h, 3, k).put(row, unit, n, from_h[k]);
    }
    dh.put(row, unit, n, vdh * vz);
  });
}

constexpr RecurrentTable kTable = {
    {nullptr, lstm<float>, lstm<double>},
    {nullptr, lstm_backward<float>, lstm_backward<double>},
    {nullptr, gru<float>, gru<double>},
    {nullptr, gru_backward<float>, gru_backward<double>},
};

}  // namespace
}  // namespace cresset

extern "C" const cresset::RecurrentTable* KERNEL_EXPORT(recurrent)() noexcept {
  return &cresset::kTable;
}
