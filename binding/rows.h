// Rows across the boundary: a batch sealed and packed for the store (lib/batch.ts has the packing), and rows
// of a store opened for a load. Both run on the pool.
#pragma once

#include "mls.h"

namespace mls::binding {

// PackBatch gives the packed form of what `batch` comes to; empty when that is nothing.
// Without a sealer only plain rows can be packed (INTERNAL).
Result<Bytes> PackBatch(const Sealer* sealer, const Batch& batch);

// OpenRows reads slices of packed puts: STORAGE_DAMAGED.
Result<MemoryRows> OpenRows(const Sealer* sealer, std::vector<Bytes> slices);

// OpenDelta reads slices of packed changes in their order: STORAGE_DAMAGED.
Result<RowDelta> OpenDelta(const Sealer* sealer, std::vector<Bytes> slices);

}  // namespace mls::binding
