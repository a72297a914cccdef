// Policy and Env: what the application decided once for a group, and what each step is given.
#pragma once

#include <memory>
#include <vector>

#include "base/limits.h"
#include "base/pool.h"
#include "base/random.h"
#include "message/private_message.h"
#include "message/proposal.h"

namespace mls {

struct Policy {
  Limits limits;

  // Certificates that an X.509 chain may omit, because every member has them (RFC 9420 §5.3). All members
  // must be given the same: a chain with a gap is a member's credential to those alone who can fill it.
  std::shared_ptr<const KnownCertificates> known_certificates;

  // Proposal types beyond the RFC's that this application uses (RFC 9420 §12.3).
  std::vector<CustomProposalType> custom_proposals;

  // Whether the lifetime of a received leaf in an Add must hold now (RFC 9420 §7.3 recommends it).
  enum class Lifetimes : std::uint8_t { check, ignore } lifetimes = Lifetimes::check;

  // Whether strangers may join by external Commit, and whether one may replace a member (RFC 9420 §12.4.3.2).
  enum class ExternalCommits : std::uint8_t {
    refuse,
    join,
    resync
  } external_commits = ExternalCommits::resync;

  // Whether somebody may propose adding themselves (RFC 9420 §12.1.8).
  enum class NewMemberProposals : std::uint8_t {
    refuse,
    allow
  } new_member_proposals = NewMemberProposals::allow;

  // How handshake messages are sent (RFC 9420 §6: encrypted unless a delivery service must read them).
  WireFormat handshake_format = WireFormat::mls_private_message;
  PaddingPolicy padding;

  // Whether what a step reports is saved with what it changes, until it is acknowledged (inbox.h).
  enum class Events : std::uint8_t { transient, durable } events = Events::transient;

  // RFC 9420 §12.4: who has seen a proposal commits before sending data. `allow` leaves that to the
  // application.
  enum class Uncommitted : std::uint8_t {
    refuse,
    allow
  } send_with_uncommitted_proposals = Uncommitted::refuse;
};

// Env is what a step gets from outside: the time, fresh bytes, and the cores it may use.
struct Env {
  std::uint64_t now = 0;  // seconds since 1970
  Random* random = nullptr;
  Pool* pool = nullptr;  // null: this thread alone
};

}  // namespace mls
