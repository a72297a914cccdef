// Batch: what one step changes in the saved state, all or nothing. Rows: what a load reads.
//
// Each type of the layers above saves and loads its own rows; there is no second serialiser. A Batch is built
// by one thread; operations take effect in order: a prefix delete removes rows put before it, not after.
// RowDelta: what others changed, for a state that was loaded before.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "base/counters.h"
#include "base/result.h"
#include "store/format.h"

namespace mls {

struct RowPut {
  Bytes key;
  Secret value;
  Protection protection = Protection::plain;
  std::uint64_t epoch = 0;  // with Protection::epoch
};

class Batch {
 public:
  struct Operation {
    enum class Kind : std::uint8_t { put, remove, remove_prefix } kind;
    RowPut row;  // for removals only the key
  };

  void PutPlain(Bytes key, View value) { Add({std::move(key), Secret::Copy(value), Protection::plain, 0}); }
  void PutSecret(Bytes key, Secret value) { Add({std::move(key), std::move(value), Protection::state, 0}); }
  void PutEpochSecret(std::uint64_t epoch, Bytes key, Secret value) {
    Add({std::move(key), std::move(value), Protection::epoch, epoch});
  }
  void Delete(Bytes key) { Remove(Operation::Kind::remove, std::move(key)); }
  // DeletePrefix removes every row whose key starts with `prefix`.
  void DeletePrefix(Bytes prefix) { Remove(Operation::Kind::remove_prefix, std::move(prefix)); }

  const std::vector<Operation>& operations() const { return operations_; }
  bool empty() const { return operations_.empty(); }
  // bytes counts keys and values, as a store would write them.
  std::size_t bytes() const;
  void Append(Batch&& other);

 private:
  void Add(RowPut row) {
    ++Count().rows_written;
    operations_.push_back({Operation::Kind::put, std::move(row)});
  }
  void Remove(Operation::Kind kind, Bytes key) {
    ++Count().rows_written;
    operations_.push_back({kind, {std::move(key), {}, Protection::plain, 0}});
  }
  std::vector<Operation> operations_;
};

// NetChange is what a Batch comes to: prefixes are deleted first, then keys, then rows are put. It points
// into the batch.
struct NetChange {
  std::vector<View> prefixes;
  std::vector<View> deletes;
  std::vector<const RowPut*> puts;
};
NetChange NetChangeOf(const Batch& batch);

// Rows reads saved rows of one scope. Views stay valid while the Rows object lives unchanged.
class Rows {
 public:
  virtual ~Rows() = default;
  virtual std::optional<View> Get(View key) const = 0;
  // Scan calls `each` for every row whose key starts with `prefix`, in key order, until it gives an error.
  virtual Status Scan(View prefix, const std::function<Status(View key, View value)>& each) const = 0;
};

// RowDelta is what became of a scope since somebody read it: rows put, rows deleted, prefixes deleted. Calls
// take effect in order, and only what they come to is kept.
class RowDelta {
 public:
  void Put(View key, View value) { rows_.insert_or_assign(ToBytes(key), Secret::Copy(value)); }
  void Delete(View key) { rows_.insert_or_assign(ToBytes(key), std::nullopt); }
  void DeletePrefix(View prefix);

  // Touches: the row of `key` may be another than before. TouchesAny: some row with this prefix may be.
  bool Touches(View key) const;
  bool TouchesAny(View prefix) const;

  // Prefixes first, then rows: a value, or none where the row is deleted.
  const std::vector<Bytes>& prefixes() const { return prefixes_; }
  const std::map<Bytes, std::optional<Secret>>& rows() const { return rows_; }

 private:
  std::vector<Bytes> prefixes_;
  std::map<Bytes, std::optional<Secret>> rows_;
};

// MemoryRows is a whole scope in memory: what tests save into, and what a store hands over for a load.
class MemoryRows final : public Rows {
 public:
  void Apply(const Batch& batch);
  void Apply(const RowDelta& delta);
  void Put(View key, View value) { rows_.insert_or_assign(ToBytes(key), Secret::Copy(value)); }
  std::optional<View> Get(View key) const override;
  Status Scan(View prefix, const std::function<Status(View key, View value)>& each) const override;
  std::size_t size() const { return rows_.size(); }
  friend bool operator==(const MemoryRows& a, const MemoryRows& b) { return a.rows_ == b.rows_; }
  const std::map<Bytes, Secret>& rows() const { return rows_; }

 private:
  void ErasePrefix(View prefix);
  std::map<Bytes, Secret> rows_;
};

// StartsWith says whether the first bytes of `bytes` are `prefix`.
inline bool StartsWith(View bytes, View prefix) {
  return bytes.size() >= prefix.size() && Equal(bytes.first(prefix.size()), prefix);
}

}  // namespace mls
