#include "support/random_walk.h"

#include <doctest/doctest.h>

#include <cstdlib>

namespace mls::test {

namespace {

std::optional<std::uint64_t> FromEnvironment(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr || *value == '\0') return std::nullopt;
  return std::strtoull(value, nullptr, 10);
}

}  // namespace

void RunWalk(WalkOptions options) {
  options.steps = options.steps * FromEnvironment("MLS_WALK_SCALE").value_or(100) / 100;
  options.steps = FromEnvironment("MLS_WALK_STEPS").value_or(options.steps);
  options.seed = FromEnvironment("MLS_WALK_SEED").value_or(options.seed);
  MESSAGE("suite " << static_cast<int>(options.suite) << ": " << options.steps << " steps from seed "
                   << options.seed);
  RandomWalk walk(options);
  for (std::size_t step = 0; step < options.steps; ++step) {
    try {
      walk.Step();
    } catch (const std::exception& error) {
      throw std::runtime_error("seed " + std::to_string(options.seed) + ", step " + std::to_string(step) +
                               ", " + walk.doing() + ": " + error.what());
    }
  }
}

RandomWalk::RandomWalk(const WalkOptions& options)
    : suite_(*FindSuite(options.suite)),
      most_members_(options.most_members),
      wanted_members_(options.most_members),
      dice_(options.seed),
      world_(options.seed + 1) {
  env_ = world_.env;
  env_.pool = options.pool;
  SignatureKeyPair keys = Must(GenerateSignatureKeyPair(suite_, world_.random));
  outsider_ = {std::move(keys.public_key), Credential::Basic(AsView("outsider"))};
  outsider_key_ = std::move(keys.private_key);
  const std::string name = "member " + std::to_string(next_number_);
  Walker& first =
      AddWalker(name, Must(Group::Create({&suite_, {}, {}, NewPolicy()}, NewProfile(name), env_)));
  Begin(first);
  Seed(first);
}

void RandomWalk::Step() {
  env_.now += dice_.Below(600);
  if (dice_.Below(300) == 0) env_.now += 8 * 24 * 3600;  // past epochs grow too old
  if (dice_.Below(50) == 0) wanted_members_ = 2 + dice_.Below(most_members_ - 1);
  const std::uint64_t die = dice_.Below(1000);
  if (die < 240) {
    SendMail();
  } else if (die < 520) {
    OpenMail();
  } else if (die < 640) {
    Propose();
  } else if (die < 670) {
    ProposeFromOutside();
  } else if (die < 800) {
    MakeCandidate();
  } else if (die < 830) {
    DropCandidate();
  } else if (die < 860) {
    JoinFromOutside();
  } else if (die < 985) {
    Decide();
  } else if (die < 996) {
    Branch();
  } else {
    Reinit();
  }
  for (auto& [number, walker] : walkers_) {
    if (Chance(80)) Arrive(walker);
  }
  Sweep();
  Check();
}

Bytes RandomWalk::SomeText() { return dice_.Some(dice_.Below(24)); }

Policy RandomWalk::NewPolicy() {
  Policy policy;
  policy.custom_proposals = {{ProposalType{0xF001}, CustomProposalType::Path::optional, {}}};
  policy.handshake_format = Chance(50) ? WireFormat::mls_public_message : WireFormat::mls_private_message;
  if (Chance(80)) policy.send_with_uncommitted_proposals = Policy::Uncommitted::allow;
  return policy;
}

// Present gives the members that have seen every Commit.
std::vector<Walker*> RandomWalk::Present() {
  std::vector<Walker*> present;
  for (auto& [number, walker] : walkers_) {
    if (walker.epoch() == context_.epoch && walker.group().phase() == Phase::active)
      present.push_back(&walker);
  }
  return present;
}

Walker& RandomWalk::AddWalker(std::string name, Group group) {
  const std::uint64_t number = next_number_++;
  return walkers_.try_emplace(number, number, std::move(name), std::move(group)).first->second;
}

// Announce puts a handshake into every inbox but one, as a delivery service does that orders them.
void RandomWalk::Announce(const Bytes& message, std::uint64_t epoch, ContentType type, std::uint64_t except) {
  auto handshake = std::make_shared<const Handshake>(Handshake{message, epoch, type});
  for (auto& [number, walker] : walkers_) {
    if (number == except) continue;
    if (type == ContentType::proposal && dice_.Below(150) == 0) {
      walker.lost_proposals.insert(epoch);
      continue;
    }
    walker.inbox.push_back(handshake);
  }
  old_handshakes_.push_back(std::move(handshake));
  if (old_handshakes_.size() > 20) old_handshakes_.erase(old_handshakes_.begin());
  Track(message, type);
}

void RandomWalk::Track(View message, ContentType type) {
  if (tracker_lost_) return;
  Result<StagedHandshake> staged = tracker_->Stage(message, env_);
  if (staged.ok()) {
    const Answers answers = AcceptAll(staged->questions);
    return Must(tracker_->Complete(std::move(*staged), answers));
  }
  const bool hidden = staged.error() == Error::WRONG_WIRE_FORMAT ||
                      (staged.error() == Error::UNKNOWN_PROPOSAL && tracker_blind_);
  if (!hidden) throw std::runtime_error("tracker: " + std::string(Describe(staged.error()).name));
  (type == ContentType::commit ? tracker_lost_ : tracker_blind_) = true;
}

// Seed sets the tracker on the group as a member describes it.
void RandomWalk::Seed(Walker& from) {
  const bool apart = Chance(50);
  GroupInfoOptions options;
  if (apart) options.tree = CommitOptions::Tree::apart;
  const GroupInfo info = Must(from.group().MakeGroupInfo(options, env_));
  const Bytes tree = apart ? from.group().tree().EncodeExtension() : Bytes();
  StagedSeed seed = Must(Tracker::StageSeed(MessageOf(info), tree, from.group().policy(), env_));
  const Answers answers = AcceptAll(seed.questions);
  if (tracker_ && tracker_->epoch().context.group_id == info.group_context.group_id) {
    Must(tracker_->Reseed(std::move(seed), answers));
  } else {
    tracker_ = Must(Tracker::CompleteSeed(std::move(seed), answers, from.group().policy()));
  }
  tracker_lost_ = false;
}

// Begin: an epoch as the winner of the last one sees it.
void RandomWalk::Begin(Walker& from) {
  context_ = from.group().context();
  authenticator_ = ToBytes(from.group().epoch_authenticator());
  tracker_blind_ = false;
  pending_.clear();
}

void RandomWalk::Arrive(Walker& walker) {
  while (!walker.inbox.empty() && !walker.stuck && walker.group().phase() == Phase::active) {
    const HandshakePtr handshake = walker.inbox.front();
    walker.inbox.pop_front();
    if (dice_.Below(40) == 0) {
      Bytes damaged = handshake->message;
      damaged[dice_.Below(damaged.size())] ^= static_cast<std::uint8_t>(1 + dice_.Below(255));
      walker.Refuse(damaged, env_);
    }
    if (handshake->content_type == ContentType::commit) {
      ArriveCommit(walker, *handshake);
    } else {
      ArriveProposal(walker, *handshake);
    }
  }
}

void RandomWalk::ArriveProposal(Walker& walker, const Handshake& handshake) {
  const Result<Received> received = walker.Read(handshake.message, env_);
  if (walker.epoch() != handshake.epoch) {
    Demand(!received.ok() && received.error() == Error::WRONG_EPOCH, "a proposal of another epoch");
  } else if (!received.ok()) {
    throw std::runtime_error("proposal: " + std::string(Describe(received.error()).name));
  }
}

void RandomWalk::ArriveCommit(Walker& walker, const Handshake& handshake) {
  const std::uint64_t before = walker.epoch();
  const Result<Received> received = walker.Read(handshake.message, env_);
  if (!received.ok() && received.error() == Error::UNKNOWN_PROPOSAL &&
      walker.lost_proposals.contains(before)) {
    walker.stuck = true;
    return;
  }
  if (!received.ok()) throw std::runtime_error("commit: " + std::string(Describe(received.error()).name));
  const auto& commit = std::get<ReceivedCommit>(*received);
  Demand(commit.epoch == before + 1 && !commit.own, "a commit that says something else");
  Demand(commit.self_removed == (walker.group().phase() == Phase::removed), "removed, or not");
}

void RandomWalk::SendMail() {
  doing_ = "sending";
  auto any = walkers_.begin();
  std::advance(any, static_cast<std::ptrdiff_t>(dice_.Below(walkers_.size())));
  Walker& walker = any->second;
  const Group& group = walker.group();
  if (group.phase() != Phase::active) return;
  const auto allowed = group.policy().send_with_uncommitted_proposals;
  if (allowed == Policy::Uncommitted::refuse && !group.proposals().empty() && group.candidates().empty()) {
    const auto refused = group.Protect({}, {}, env_);
    Demand(!refused.ok() && refused.error() == Error::PENDING_PROPOSALS, "sent before committing");
    return;
  }
  for (std::uint64_t count = 1 + dice_.Below(3); count > 0; --count) {
    const std::uint64_t id = next_number_++;
    mail_.push_back(walker.Send(id, "mail " + std::to_string(id), SomeText(), env_));
  }
  if (mail_.size() > 60) mail_.erase(mail_.begin(), mail_.begin() + 10);
}

void RandomWalk::OpenMail() {
  doing_ = "opening mail";
  if (mail_.empty()) return;
  for (std::uint64_t count = 1 + dice_.Below(6); count > 0; --count) {
    const Mail& mail = OneOf(mail_);
    auto any = walkers_.begin();
    std::advance(any, static_cast<std::ptrdiff_t>(dice_.Below(walkers_.size())));
    Walker& walker = any->second;
    if (walker.group().phase() != Phase::active) continue;
    if (Chance(10)) {
      Bytes damaged = mail.message;
      damaged[dice_.Below(damaged.size())] ^= static_cast<std::uint8_t>(1 + dice_.Below(255));
      walker.Refuse(damaged, env_);
    }
    walker.Open(mail, env_);
  }
}

// Sweep: those leave who learned that they were removed, or who were and can't learn it.
void RandomWalk::Sweep() {
  const RatchetTree& tree = Present().front()->group().tree();
  std::erase_if(walkers_, [&](const auto& one) {
    const Walker& walker = one.second;
    if (!walker.stuck) return walker.group().phase() == Phase::removed;
    const LeafIndex place = walker.group().self();
    return tree.IsBlank(place) || tree.Leaf(place).credential != Credential::Basic(AsView(walker.name()));
  });
}

void RandomWalk::Check() {
  const std::vector<Walker*> present = Present();
  Demand(!present.empty(), "nobody is left");
  for (const Walker* walker : present) {
    Demand(walker->group().context() == context_ &&
               Equal(walker->group().epoch_authenticator(), authenticator_) &&
               Equal(walker->group().tree().RootHash(), context_.tree_hash),
           "members disagree");
  }
  if (!tracker_lost_) Demand(tracker_->epoch().context == context_, "the tracker disagrees");
  auto any = walkers_.begin();
  std::advance(any, static_cast<std::ptrdiff_t>(dice_.Below(walkers_.size())));
  Walker& walker = any->second;
  Demand(walker.RowsMatch(), "rows changed step by step are not those of a full save");
  if (Chance(10)) Demand(walker.KeysFit(world_.random), "a member holds keys that it should not, or others");
  if (Chance(15)) walker.Restart(env_);
  if (Chance(25)) walker.HandOver(env_);
  if (!old_handshakes_.empty() && Chance(5)) {
    const HandshakePtr& old = OneOf(old_handshakes_);
    if (old->epoch < walker.epoch()) {
      const Result<Received> received = walker.Read(old->message, env_);
      Demand(!received.ok() && received.error() == Error::WRONG_EPOCH, "a handshake of an old epoch");
    }
  }
}

}  // namespace mls::test
