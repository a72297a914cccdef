// Rows as a store sees them: secrets sealed, changes packed (docs/store-format.md).
//
//   key of the scope ──▶ rows with Protection::state, and of each epoch its key
//                                                             │
//   key of an epoch, drawn when its first rows are written ◀──┘ ──▶ rows with Protection::epoch
//
// Who deletes the row of an epoch's key has erased the epoch, whatever copies of its rows there are. A state
// of format 1 has no such keys: its rows of epochs are sealed under the scope's key, until its next context
// row says that it is of this format. One thread at a time uses a SealedRows.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "crypto/seal.h"
#include "store/batch.h"

namespace mls {

class SealedRows {
 public:
  explicit SealedRows(Sealer scope) : scope_(std::move(scope)) {}

  // Pack gives the packed form of what `batch` comes to, empty when that is nothing. With the context row
  // come the keys of all epochs that the batch has rows of.
  Result<Bytes> Pack(const Batch& batch, Random& random);

  // OpenRows opens slices of packed puts, OpenDelta slices of packed changes in their order: STORAGE_DAMAGED,
  // and STORAGE_VERSION by the context row. Remember takes over the keys of epochs from what was opened, when
  // it has become the state.
  Result<MemoryRows> OpenRows(std::vector<Bytes> slices) const;
  Result<RowDelta> OpenDelta(std::vector<Bytes> slices) const;
  void Remember(const MemoryRows& rows);
  void Remember(const RowDelta& delta);

  // Reseal gives the puts of a whole scope that this object opens, packed for `to`, which has no rows yet:
  // STORAGE_DAMAGED, STORAGE_VERSION. Each epoch gets a new key; nothing else of a row changes.
  Result<Bytes> Reseal(std::vector<Bytes> slices, SealedRows& to, Random& random) const;

 private:
  using EpochKeys = std::map<std::uint64_t, std::shared_ptr<const Sealer>>;
  class Opener;
  static void Forget(EpochKeys& keys, View prefix);

  Sealer scope_;
  EpochKeys epochs_;
};

// The same for rows of no epoch: those of a client, and with a null sealer plain rows alone (INTERNAL,
// STORAGE_DAMAGED for others).
Result<Bytes> PackRows(const Sealer* sealer, const Batch& batch, Random& random);
Result<MemoryRows> OpenRows(const Sealer* sealer, std::vector<Bytes> slices);

}  // namespace mls
