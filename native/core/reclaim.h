// SPDX-License-Identifier: MIT
#pragma once

namespace cresset {

// What the current thread does once before one of its allocations fails, with no lock held: it may
// give tensors back that are garbage. Null for none.
using Reclaim = void (*)(void* context);
void set_reclaim(Reclaim reclaim, void* context) noexcept;
void reclaim() noexcept;  // now

}  // namespace cresset
