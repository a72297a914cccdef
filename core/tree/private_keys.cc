#include "base/check.h"
#include "tree/treekem.h"

namespace mls {

namespace {

struct PrivateKey {
  NodeIndex node;
  Secret private_key;
  static constexpr auto kWire = Fields(&PrivateKey::node, &PrivateKey::private_key);
};

struct PrivateKeyRow {
  std::vector<PrivateKey> keys;  // by node
  static constexpr auto kWire = Fields(&PrivateKeyRow::keys);
};

}  // namespace

void PrivateKeys::Prune(const RatchetTree& tree) {
  std::erase_if(keys_, [&](const auto& key) { return tree.IsBlank(key.first); });
}

PrivateKeys PrivateKeys::Clone() const {
  PrivateKeys clone;
  for (const auto& [node, key] : keys_) clone.Set(node, key.Clone());
  return clone;
}

Secret PrivateKeys::Encode() const {
  PrivateKeyRow row;
  for (const auto& [node, key] : keys_) row.keys.push_back({node, key.Clone()});
  return EncodeSecret(row);
}

Result<PrivateKeys> PrivateKeys::Decode(View data) {
  auto row = ::mls::Decode<PrivateKeyRow>(data);
  if (!row.ok()) return Error::STORAGE_DAMAGED;
  PrivateKeys keys;
  for (PrivateKey& key : row->keys) {
    const bool next = keys.keys_.empty() || keys.keys_.rbegin()->first < key.node;
    if (!next || key.private_key.empty()) return Error::STORAGE_DAMAGED;
    keys.Set(key.node, std::move(key.private_key));
  }
  return keys;
}

}  // namespace mls
