// The saved form of a state: rows in a scope (docs/store-format.md).
//
// A row key is a tag byte followed by big-endian numbers or bytes, so that keys of one kind are neighbours
// and a prefix names a whole epoch. Tags are never reused. Values are wire encodings of the structures they
// belong to.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "wire/codec.h"

namespace mls {

// kFormatVersion is written into the context row; a newer one is STORAGE_VERSION.
inline constexpr std::uint16_t kFormatVersion = 3;

enum class RowTag : std::uint8_t {
  context = 1,        // context                            the group's public header
  leaves = 2,         // leaves/<page>                      leaf nodes of one page
  parents = 3,        // parents/<page>                     parent nodes of one page
  keys = 4,           // keys                               private keys of our direct path
  epoch_secrets = 5,  // epoch/<n>/secrets                  the epoch's secrets
  secret_tree = 6,    // secret/<n>/<leaf>                  nodes left over by expanding towards a leaf
  ratchet = 7,        // ratchet/<n>/<leaf>/<type>          head of a sender ratchet
  skipped = 8,        // skipped/<n>/<leaf>/<type>/<block>  keys of 32 generations passed over
  undo = 9,           // epoch/<n>/undo                     leaves as they were in a past epoch
  update = 10,        // update/<ref>                       private key of an Update that we proposed
  proposal = 11,      // proposal/<sequence>                a cached proposal
  pending = 12,       // pending/<id>                       a candidate commit
  psk = 13,           // psk/<id>
  reinit = 14,        // reinit                             the ReInit that ended this group
  signer = 15,        // signer                             our signature private key
  inbox = 16,         // inbox/<n>                          an event not yet acknowledged
  resumption = 17,    // resumption/<epoch>                 resumption PSK of a past epoch
  sent = 18,          // sent/<n>                           hash of a message that we sent in this epoch
  key_package = 19,   // key-package/<ref>
  epoch_key = 20,     // epoch-key/<n>                      the key that seals the rows of one epoch
  removed = 21,       // removed                            we were removed: it stands alone
};

// Protection says under which key a row is sealed before it leaves the engine's process.
enum class Protection : std::uint8_t {
  plain,  // public data
  state,  // the state's own key
  epoch,  // the key of one epoch: erasing that key erases the row
};

// ProtectionOf: the tag alone decides, so that a stored row cannot pass for one that needs no opening.
constexpr Protection ProtectionOf(RowTag tag) {
  switch (tag) {
    case RowTag::context:
    case RowTag::leaves:
    case RowTag::parents:
    case RowTag::undo:
    case RowTag::proposal:
    case RowTag::reinit:
    case RowTag::sent:
    case RowTag::removed:
      return Protection::plain;
    case RowTag::epoch_secrets:
    case RowTag::secret_tree:
    case RowTag::ratchet:
    case RowTag::skipped:
      return Protection::epoch;
    default:
      return Protection::state;
  }
}

// CheckFormat reads the version that every context row begins with, before anything behind it is understood:
// STORAGE_VERSION, STORAGE_DAMAGED.
Status CheckFormat(View context_row);

// RowKey builds a key: RowKey(RowTag::ratchet, epoch, leaf, type).
template <class... Parts>
Bytes RowKey(RowTag tag, const Parts&... parts) {
  return Encode(tag, parts...);
}

}  // namespace mls
