#include "support/warm_group.h"

namespace mls::test {

namespace {

// Leaves of the real members, and the leaf that welcomes them.
constexpr LeafIndex kSigner{2};
std::vector<LeafIndex> Seats(std::uint32_t n) { return {{0}, {1}, {n - 1}}; }

// A leaf of the crowd. Its encryption key has a private half that nobody keeps.
struct Extra {
  LeafNode leaf;
  Secret signature_private_key;
};

Extra MakeExtra(const Suite& suite, std::uint32_t number, std::uint64_t seed) {
  SeededRandom random(seed);
  const MemberProfile profile = MakeProfile(suite, "extra " + std::to_string(number), random);
  NewKeyPackage package = MakeKeyPackage(suite, profile, random);
  return {std::move(package.key_package.leaf_node), std::move(package.keys.signature_private_key)};
}

// TreeBuilder sets the parent nodes of a tree from the root down, right subtrees before left ones. Each node
// is as if the leftmost member below it had committed last of all below it: the left child carries the
// parent hash, the right child's points to a version of the node that was replaced (RFC 9420 §7.9.2).
class TreeBuilder {
 public:
  TreeBuilder(RatchetTree& tree, std::vector<Extra>& extras, View group_id, Random& random)
      : tree_(tree), extras_(extras), group_id_(group_id), random_(random) {}

  // Build sets the subtree of `node`; recursion is as deep as the tree is high.
  void Build(NodeIndex node, Bytes parent_hash) {
    if (IsLeaf(node)) return SetLeaf(LeafOf(node), std::move(parent_hash));
    const bool left = AnyBelow(Left(node));
    if (!left || !AnyBelow(Right(node)))
      return Build(left ? Left(node) : Right(node), std::move(parent_hash));
    HpkeKeyPair keys = Must(GenerateHpkeKeyPair(tree_.suite(), random_));
    tree_.SetParent(node, std::move(keys.public_key), std::move(parent_hash));
    Build(Right(node), Must(random_.Take(tree_.suite().Nh)));
    Must(tree_.UpdateHashes(nullptr));
    Build(Left(node), ToBytes(Must(ParentHash(tree_, node, Right(node)))));
  }

 private:
  bool AnyBelow(NodeIndex node) const {
    const auto next = tree_.NextMember(FirstLeaf(node));
    return next && Contains(node, *next);
  }

  void SetLeaf(LeafIndex place, Bytes parent_hash) {
    Extra& extra = extras_[place.value];
    extra.leaf.leaf_node_source = LeafNodeSource::commit;
    extra.leaf.parent_hash = std::move(parent_hash);
    Must(SignLeafNode(tree_.suite(), extra.leaf, extra.signature_private_key, group_id_, place));
    tree_.ReplaceLeaf(place, extra.leaf);
  }

  RatchetTree& tree_;
  std::vector<Extra>& extras_;
  View group_id_;
  Random& random_;
};

Policy OpenHandshakes() {
  Policy policy;
  policy.handshake_format = WireFormat::mls_public_message;
  return policy;
}

// CrowdTree makes the tree with the real members' leaves in their seats, unmerged in every parent.
RatchetTree CrowdTree(const Suite& suite, std::vector<Extra>& extras,
                      const std::vector<NewKeyPackage>& seated, TreeState state, View group_id,
                      Random& random) {
  RatchetTree tree(suite);
  std::vector<Bytes> leaves;
  for (const Extra& extra : extras) leaves.push_back(Encode(extra.leaf));
  tree.AddLeaves(std::move(leaves));
  for (const LeafIndex seat : Seats(static_cast<std::uint32_t>(extras.size()))) tree.RemoveLeaf(seat);
  if (state == TreeState::warm) {
    Must(tree.UpdateHashes(nullptr));
    TreeBuilder(tree, extras, group_id, random).Build(Root(tree.width()), {});
  }
  leaves.clear();
  for (const NewKeyPackage& one : seated) leaves.push_back(Encode(one.key_package.leaf_node));
  tree.AddLeaves(std::move(leaves));
  return tree;
}

// WelcomeAll makes the Welcome by which the leaf `signer` lets the owners of `seated` into `epoch`.
Welcome WelcomeAll(PublicEpochPtr epoch, LeafIndex signer, View signature_private_key,
                   const Secret& joiner_secret, const Secret& member_secret,
                   const std::vector<NewKeyPackage>& seated, const Env& env) {
  const Suite& suite = epoch->suite();
  const Secret epoch_secret = Must(EpochSecret(suite, member_secret, epoch->encoded_context));
  const LocalEpoch local = Must(MakeLocalEpoch(std::move(epoch), signer, epoch_secret, {}));
  const GroupInfoOptions apart{CommitOptions::Tree::apart, CommitOptions::ExternalPub::leave_out, {}};
  const GroupInfo info = Must(BuildGroupInfo(local, signature_private_key, apart, env));
  Welcome welcome{suite.id, {}, {}};
  welcome.encrypted_group_info = Must(SealGroupInfo(suite, Must(WelcomeSecret(suite, member_secret)), info));
  for (const NewKeyPackage& one : seated) {
    const GroupSecrets secrets{joiner_secret.Clone(), std::nullopt, {}};
    welcome.secrets.push_back(
        {ToBytes(Must(KeyPackageRef(suite, one.key_package))),
         Must(EncryptWithLabel(suite, one.key_package.init_key, "Welcome", welcome.encrypted_group_info,
                               EncodeSecret(secrets), *env.random))});
  }
  return welcome;
}

}  // namespace

NewCommit WarmGroup::Make(std::size_t committer, CommitOptions options) {
  Group& group = members[committer];
  StagedCommit staged = Must(group.StageCommit(std::move(options), env));
  const Answers answers = AcceptAll(staged.questions);
  Done<NewCommit> done = Must(group.CompleteCommit(std::move(staged), answers, env));
  Must(group.Apply(std::move(done.change)));
  Must(group.Apply(Must(group.AcceptCandidate(done.output.id, env)).change));
  return std::move(done.output);
}

void WarmGroup::Deliver(std::size_t committer, View message) {
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (i == committer) continue;
    StagedMessage staged = Must(members[i].Stage(message, env));
    const Answers answers = AcceptAll(staged.questions);
    Must(members[i].Apply(Must(members[i].Complete(std::move(staged), answers, env)).change));
  }
  StagedHandshake staged = Must(tracker.Stage(message, env));
  const Answers answers = AcceptAll(staged.questions);
  Must(tracker.Complete(std::move(staged), answers));
}

NewCommit WarmGroup::Commit(std::size_t committer, CommitOptions options) {
  NewCommit commit = Make(committer, std::move(options));
  Deliver(committer, commit.message);
  return commit;
}

WarmGroup MakeWarmGroup(const Suite& suite, std::uint32_t n, TreeState state, Random& random, Pool* pool) {
  if (n < 4) throw std::invalid_argument("a warm group has at least 4 members");
  const Env env{kNow, &random, pool};
  const Bytes seeds = Must(random.Take(sizeof(std::uint64_t) * n));
  std::vector<Extra> extras(n);
  Must(ParallelFor(pool, n, 16, [&](std::size_t i) -> Status {
    std::uint64_t seed = 0;
    std::memcpy(&seed, seeds.data() + sizeof(seed) * i, sizeof(seed));
    extras[i] = MakeExtra(suite, static_cast<std::uint32_t>(i), seed);
    return kOk;
  }));
  std::vector<NewKeyPackage> seated;
  for (const LeafIndex seat : Seats(n)) {
    const MemberProfile profile = MakeProfile(suite, "member " + std::to_string(seat.value), random);
    seated.push_back(MakeKeyPackage(suite, profile, random));
  }

  GroupContext context;
  context.cipher_suite = suite.id;
  context.group_id = Must(random.Take(suite.Nh));
  context.epoch = n;
  RatchetTree tree = CrowdTree(suite, extras, seated, state, context.group_id, random);
  Must(tree.UpdateHashes(pool));
  context.tree_hash = ToBytes(tree.RootHash());
  context.confirmed_transcript_hash = Must(random.Take(suite.Nh));
  const Secret joiner_secret = Must(random.TakeSecret(suite.Nh));
  const Secret member_secret = Must(MemberSecret(suite, joiner_secret, Must(PskSecret(suite, {}, {}))));
  const Secret epoch_secret = Must(EpochSecret(suite, member_secret, Encode(context)));
  const Digest tag = Must(ConfirmationTag(suite, Must(DeriveSecret(suite, epoch_secret, "confirm")),
                                          context.confirmed_transcript_hash));
  const PublicEpochPtr epoch = Must(MakePublicEpoch(std::move(context), std::move(tree), ToBytes(tag)));
  const Welcome welcome = WelcomeAll(epoch, kSigner, extras[kSigner.value].signature_private_key,
                                     joiner_secret, member_secret, seated, env);

  WarmGroup group{env, {}, Tracker(epoch, OpenHandshakes())};
  const Bytes ratchet_tree = epoch->tree.EncodeExtension();
  for (const NewKeyPackage& one : seated) {
    JoinInput input{one.key_package, one.keys.Clone(), ratchet_tree, nullptr, OpenHandshakes()};
    StagedJoin staged = Must(Group::StageJoin(welcome, std::move(input), env));
    Must(Group::OpenJoin(staged, {}, env));
    const Answers answers = AcceptAll(staged.questions);
    group.members.push_back(Must(Group::CompleteJoin(std::move(staged), answers, env)));
  }
  if (state == TreeState::warm) {
    for (std::size_t i = group.members.size(); i-- > 0;) group.Commit(i, {});
  }
  return group;
}

}  // namespace mls::test
