#include "schedule/secret_tree.h"

#include <algorithm>
#include <cassert>

#include "base/check.h"

namespace mls {

namespace {

// SetHead replaces the head that an expansion may have put into the change already.
void SetHead(RatchetId id, RatchetHead head, SecretTreeChange& change) {
  for (auto& [ratchet, old] : change.heads) {
    if (ratchet != id) continue;
    old = std::move(head);
    return;
  }
  change.heads.emplace_back(id, std::move(head));
}

// StepTo gives the head that comes to `next` next; `from` is an earlier one.
Result<RatchetHead> StepTo(const Suite& suite, const RatchetHead& from, std::uint64_t next) {
  MLS_TRY(head, StepRatchet(suite, from));
  while (head.next() < next) {
    MLS_TRY(after, StepRatchet(suite, head));
    head = std::move(after);
  }
  return std::move(head);
}

}  // namespace

SecretTree SecretTree::Create(const Suite& suite, std::uint64_t epoch, std::uint32_t width,
                              Secret encryption_secret) {
  assert(width != 0 && FullWidth(width) == width);
  SecretTree tree(suite, epoch, width);
  tree.nodes_.emplace(Root(width), Node{std::move(encryption_secret), LeafIndex{0}});
  return tree;
}

// Expand takes the path from the lowest node still there down to `leaf` (RFC 9420 §9):
//
//   tree_node_[N]_secret --"tree", "left"---> tree_node_[left(N)]_secret
//                        --"tree", "right"--> tree_node_[right(N)]_secret
//
// and at the leaf derives the secrets of generation 0 of both ratchets.
Status SecretTree::Expand(LeafIndex leaf, SecretTreeChange& change) const {
  NodeIndex node = leaf;
  auto found = nodes_.find(node);
  while (found == nodes_.end()) {
    if (node == Root(width_)) return Error::INTERNAL;
    node = Parent(node);
    found = nodes_.find(node);
  }
  change.expanded = node;
  View secret = found->second.secret;
  Secret taken;
  while (node != NodeIndex(leaf)) {
    NodeIndex below = Left(node);
    NodeIndex beside = Right(node);
    MLS_TRY(left, ExpandWithLabel(*suite_, secret, "tree", AsView("left"), suite_->Nh));
    MLS_TRY(right, ExpandWithLabel(*suite_, secret, "tree", AsView("right"), suite_->Nh));
    if (!Contains(below, leaf)) {
      std::swap(below, beside);
      std::swap(left, right);
    }
    change.siblings.emplace_back(beside, std::move(right));
    taken = std::move(left);
    secret = taken;
    node = below;
  }
  MLS_TRY(handshake, ExpandWithLabel(*suite_, secret, "handshake", {}, suite_->Nh));
  MLS_TRY(application, ExpandWithLabel(*suite_, secret, "application", {}, suite_->Nh));
  change.heads.emplace_back(RatchetId{leaf, RatchetType::handshake}, RatchetHead{0, std::move(handshake)});
  change.heads.emplace_back(RatchetId{leaf, RatchetType::application},
                            RatchetHead{0, std::move(application)});
  return kOk;
}

Result<const RatchetHead*> SecretTree::HeadOf(RatchetId id, SecretTreeChange& change) const {
  if (const auto found = heads_.find(id); found != heads_.end()) return &found->second;
  MLS_DO(Expand(id.leaf, change));
  for (const auto& [ratchet, head] : change.heads) {
    if (ratchet == id) return &head;
  }
  return Error::INTERNAL;
}

std::uint64_t SecretTree::NextOf(RatchetId id) const {
  const auto found = heads_.find(id);
  return found == heads_.end() ? 0 : found->second.next();
}

Result<MessageKey> SecretTree::TakeSkipped(RatchetId id, std::uint32_t generation) const {
  const auto found = skipped_.find({id, generation});
  MLS_REQUIRE(found != skipped_.end(), KEY_CONSUMED);  // RFC 9420 §9.2: a key is deleted with its first use
  MessageKey out;
  out.generation = generation;
  // The tree keeps its key until Apply: a forgery must not take it.
  out.key_and_nonce = {found->second.key.Clone(), found->second.nonce.Clone()};
  out.change.dropped.emplace_back(id, generation);
  return out;
}

std::size_t SecretTree::MakeRoom(RatchetId id, std::size_t passed, const Limits& limits,
                                 SecretTreeChange& change) const {
  if (passed == 0) return 0;
  const auto oldest = skipped_.lower_bound({id, 0});
  const auto newest = skipped_.upper_bound({id, kGenerations - 1});
  const auto mine = static_cast<std::size_t>(std::distance(oldest, newest));
  const std::size_t others = skipped_.size() - mine;
  const std::size_t left = limits.max_skipped_keys - std::min(limits.max_skipped_keys, others);
  const std::size_t room = std::min(limits.max_skipped_keys_per_sender, left);
  const std::size_t kept = std::min(passed, room);
  auto key = oldest;
  for (std::size_t excess = mine - std::min(mine, room - kept); excess > 0; --excess, ++key) {
    change.dropped.push_back(key->first);
  }
  return kept;
}

Result<MessageKey> SecretTree::Receive(RatchetId id, std::uint32_t generation, const Limits& limits) const {
  MLS_REQUIRE(id.leaf.value < width_, UNKNOWN_SENDER);  // RFC 9420 §6.3.2: the sender is a leaf of this tree
  const std::uint64_t next = NextOf(id);
  if (generation < next) return TakeSkipped(id, generation);
  MLS_REQUIRE(generation - next <= limits.max_forward_steps, LIMIT_EXCEEDED);  // RFC 9420 §15.3: bounded work

  MessageKey out;
  out.generation = generation;
  MLS_TRY(start, HeadOf(id, out.change));
  const auto passed = static_cast<std::size_t>(generation - next);
  const std::uint64_t first_kept = generation - MakeRoom(id, passed, limits, out.change);
  const RatchetHead* head = start;
  RatchetHead stepped;
  while (head->generation < generation) {
    if (head->generation >= first_kept) {
      MLS_TRY(key, RatchetKey(*suite_, *head));
      out.change.skipped.emplace_back(KeyId{id, head->generation}, std::move(key));
    }
    MLS_TRY(after, StepRatchet(*suite_, *head));
    stepped = std::move(after);
    head = &stepped;
  }
  MLS_TRY(key, RatchetKey(*suite_, *head));
  MLS_TRY(after, StepRatchet(*suite_, *head));
  out.key_and_nonce = std::move(key);
  SetHead(id, std::move(after), out.change);
  return out;
}

Result<MessageKey> SecretTree::Send(RatchetId id, const Limits& limits) const {
  MLS_REQUIRE(id.leaf.value < width_, UNKNOWN_SENDER);  // RFC 9420 §6.3.2: the sender is a leaf of this tree
  const std::uint64_t next = NextOf(id);
  MLS_REQUIRE(next < kGenerations, LIMIT_EXCEEDED);  // RFC 9420 §9.1: a wrapped generation would repeat a key

  MessageKey out;
  out.generation = static_cast<std::uint32_t>(next);
  MLS_TRY(head, HeadOf(id, out.change));
  MLS_TRY(key, RatchetKey(*suite_, *head));
  MLS_TRY(after, StepRatchet(*suite_, *head));
  out.key_and_nonce = std::move(key);
  const std::uint64_t durable = std::min(kGenerations, next + limits.reserved_generations);
  if (!reserved_.contains(id) && durable > after.next()) {
    MLS_TRY(reserved, StepTo(*suite_, after, durable));
    out.change.reserved.emplace(id, std::move(reserved));
  }
  SetHead(id, std::move(after), out.change);
  return out;
}

void SecretTree::Apply(SecretTreeChange change) {
  if (change.expanded) {
    assert(nodes_.contains(*change.expanded));
    const LeafIndex leaf = change.heads.front().first.leaf;
    nodes_.erase(*change.expanded);
    for (auto& [node, secret] : change.siblings) nodes_.insert_or_assign(node, Node{std::move(secret), leaf});
  }
  for (auto& [id, head] : change.heads) {
    // A reservation that the head has reached is over: the head itself is what the row holds.
    const auto reserved = reserved_.find(id);
    if (reserved != reserved_.end() && reserved->second.next() <= head.next()) reserved_.erase(reserved);
    heads_.insert_or_assign(id, std::move(head));
  }
  if (change.reserved) reserved_.insert_or_assign(change.reserved->first, std::move(change.reserved->second));
  for (const KeyId& key : change.dropped) skipped_.erase(key);
  for (auto& [key, value] : change.skipped) skipped_.insert_or_assign(key, std::move(value));
}

}  // namespace mls
