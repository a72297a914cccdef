// Rows of a client or a tracker across the boundary, with the system's randomness. A group's are sealed by
// its own SealedRows. All of it runs on the pool.
#pragma once

#include "mls.h"

namespace mls::binding {

// PackBatch gives the packed form of what `batch` comes to; empty when that is nothing.
// Without a sealer only plain rows can be packed (INTERNAL).
Result<Bytes> PackBatch(const Sealer* sealer, const Batch& batch);
Result<Bytes> PackBatch(SealedRows& rows, const Batch& batch);

}  // namespace mls::binding
