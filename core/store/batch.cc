#include "store/batch.h"

#include <algorithm>

namespace mls {

std::size_t Batch::bytes() const {
  std::size_t size = 0;
  for (const Operation& operation : operations_)
    size += operation.row.key.size() + operation.row.value.size();
  return size;
}

void Batch::Append(Batch&& other) {
  for (Operation& operation : other.operations_) operations_.push_back(std::move(operation));
  other.operations_.clear();
}

void MemoryRows::Apply(const Batch& batch) {
  for (const Batch::Operation& operation : batch.operations()) {
    const Bytes& key = operation.row.key;
    switch (operation.kind) {
      case Batch::Operation::Kind::put:
        Put(key, operation.row.value);
        break;
      case Batch::Operation::Kind::remove:
        rows_.erase(key);
        break;
      case Batch::Operation::Kind::remove_prefix:
        ErasePrefix(key);
        break;
    }
  }
}

void MemoryRows::Apply(const RowDelta& delta) {
  for (const Bytes& prefix : delta.prefixes()) ErasePrefix(prefix);
  for (const auto& [key, value] : delta.rows()) {
    if (value) {
      Put(key, *value);
    } else {
      rows_.erase(key);
    }
  }
}

void MemoryRows::ErasePrefix(View prefix) {
  auto row = rows_.lower_bound(ToBytes(prefix));
  while (row != rows_.end() && StartsWith(row->first, prefix)) row = rows_.erase(row);
}

std::optional<View> MemoryRows::Get(View key) const {
  const auto row = rows_.find(ToBytes(key));
  if (row == rows_.end()) return std::nullopt;
  return row->second.view();
}

Status MemoryRows::Scan(View prefix, const std::function<Status(View, View)>& each) const {
  for (auto row = rows_.lower_bound(ToBytes(prefix)); row != rows_.end() && StartsWith(row->first, prefix);
       ++row) {
    if (Status status = each(row->first, row->second); !status.ok()) return status;
  }
  return kOk;
}

void RowDelta::DeletePrefix(View prefix) {
  prefixes_.push_back(ToBytes(prefix));
  auto row = rows_.lower_bound(prefixes_.back());
  while (row != rows_.end() && StartsWith(row->first, prefix)) row = rows_.erase(row);
}

bool RowDelta::Touches(View key) const {
  const auto covers = [&](const Bytes& prefix) { return StartsWith(key, prefix); };
  return rows_.contains(ToBytes(key)) || std::any_of(prefixes_.begin(), prefixes_.end(), covers);
}

bool RowDelta::TouchesAny(View prefix) const {
  const auto row = rows_.lower_bound(ToBytes(prefix));
  if (row != rows_.end() && StartsWith(row->first, prefix)) return true;
  return std::any_of(prefixes_.begin(), prefixes_.end(), [&](const Bytes& deleted) {
    return StartsWith(deleted, prefix) || StartsWith(prefix, deleted);
  });
}

NetChange NetChangeOf(const Batch& batch) {
  using Kind = Batch::Operation::Kind;
  // What a later operation undoes is dropped; views compare by their bytes.
  const auto less = [](View a, View b) {
    return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end());
  };
  std::map<View, const RowPut*, decltype(less)> puts(less);
  std::map<View, bool, decltype(less)> deletes(less);
  NetChange net;
  for (const Batch::Operation& operation : batch.operations()) {
    const View key = operation.row.key;
    if (operation.kind == Kind::put) {
      puts.insert_or_assign(key, &operation.row);
      continue;
    }
    if (operation.kind == Kind::remove) {
      puts.erase(key);
      deletes.emplace(key, true);
      continue;
    }
    const auto drop_below = [&](auto& rows) {
      const auto first = rows.lower_bound(key);
      auto last = first;
      while (last != rows.end() && StartsWith(last->first, key)) ++last;
      rows.erase(first, last);
    };
    drop_below(puts);
    drop_below(deletes);
    net.prefixes.push_back(key);
  }
  for (const auto& [key, unused] : deletes) {
    if (!puts.contains(key)) net.deletes.push_back(key);
  }
  for (const auto& [key, row] : puts) net.puts.push_back(row);
  return net;
}

}  // namespace mls
