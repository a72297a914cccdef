#include "store/batch.h"

#include <algorithm>

namespace mls {

namespace {

bool StartsWith(View bytes, View prefix) {
  return bytes.size() >= prefix.size() && Equal(bytes.first(prefix.size()), prefix);
}

}  // namespace

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
      case Batch::Operation::Kind::remove_prefix: {
        auto row = rows_.lower_bound(key);
        while (row != rows_.end() && StartsWith(row->first, key)) row = rows_.erase(row);
        break;
      }
    }
  }
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

}  // namespace mls
