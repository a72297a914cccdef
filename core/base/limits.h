// Limits: every bound of the engine in one struct, with its default and the reason for it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace mls {

struct Limits {
  // Input. A ratchet tree of 50,000 members is about 17 MB; twice that leaves room for X.509 credentials.
  std::size_t max_message_size = 64u << 20;
  std::size_t max_extensions = 64;                 // per list; duplicates are found by sorting, not by pairs
  std::size_t max_leaf_node_size = 64u << 10;      // a leaf is copied into every member's tree
  std::size_t max_certificates = 16;               // per X.509 credential, with those that fill its gaps
  std::size_t max_certificate_checks = 64;         // signatures tried to link one chain
  std::size_t max_proposals_per_commit = 100'000;  // a bulk add of 50,000 and as many removes
  std::size_t max_psks_per_commit = 1024;          // PSKLabel.count is 16 bits (RFC 9420 §8.4)
  std::uint32_t max_leaves = 1u << 20;             // tree growth (RFC 9420 §7.7)
  std::size_t max_external_senders = 1024;

  // Secret tree (RFC 9420 §15.3).
  std::uint32_t max_forward_steps = 1024;  // ratchet steps for one message
  std::size_t max_skipped_keys_per_sender = 1024;
  std::size_t max_skipped_keys = 65'536;    // per group and epoch
  std::uint32_t reserved_generations = 32;  // a durable send record runs ahead by this range

  // History.
  std::size_t max_past_epochs = 3;
  std::uint64_t max_past_epoch_age = 7 * 24 * 3600;  // seconds
  std::size_t max_resumption_psks = 16;              // RFC 9420 §8.6

  // Proposals of an epoch (RFC 9420 §12.1).
  std::size_t max_cached_proposals = 4096;
  std::size_t max_cached_proposal_bytes = 16u << 20;
  std::size_t max_pending_commits = 16;
  std::size_t max_own_messages = 1024;  // hashes of what we sent in this epoch, to know an echo

  // Lifetimes (RFC 9420 §7.2): the longest total lifetime of a leaf, in seconds. One year and a day of slack
  // on either side for clocks.
  std::uint64_t max_lifetime = 367ull * 24 * 3600;

  std::size_t max_exporter_length = 255 * 32;  // RFC 5869: 255 hash blocks of the smallest hash
  std::size_t max_joiners_with_tree = 64;      // Welcomes that carry the tree inside, per commit
};

}  // namespace mls
