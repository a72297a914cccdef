// Attacks that were published against OpenMLS, tried on this engine. Each test names the advisory or the
// fixed issue and says in our words what was possible; refused means: the typed error, no byte of the saved
// state changed, and honest traffic goes on.
#include "kit/invitation.h"
#include "kit/lists.h"
#include "kit/raw_public.h"

namespace mls::test {
namespace {

// GHSA-8x3w-qj7j-gqhf: tags were compared over the shorter of both lengths, so that an empty one was always
// right and messages could be forged without the key.
TEST_CASE("OpenMLS GHSA-8x3w-qj7j-gqhf: a tag cut short, to nothing even, or with more behind it") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 3);
    const Insider insider(scene, 2);
    const PublicMessage honest = Opened(insider.Public(Proposal{Remove{{0}}}));
    for (std::size_t size = 0; size <= suite.Nh + 1u; ++size) {
      if (size == suite.Nh) continue;
      PublicMessage forged = honest;
      forged.membership_tag.resize(size);
      scene.Refuses(1, EncodeMessage(forged), Error::BAD_MEMBERSHIP_TAG);
    }
    for (const std::size_t size :
         {std::size_t{0}, std::size_t{1}, suite.Nh - std::size_t{1}, suite.Nh + std::size_t{1}}) {
      CommitForgery forgery;
      forgery.confirmation_tag = [size](Bytes& tag) { tag.resize(size); };
      scene.Refuses(1, ForgeCommit(insider, forgery).message, Error::BAD_CONFIRMATION_TAG);
    }
    scene.GoesOn();
  }
  Scene scene(AnySuite(), 2);
  Invitation invitation(scene);
  for (const std::size_t size : {0u, 1u, 31u, 33u}) {
    WelcomeForgery forgery;
    forgery.tag = [size](Bytes& tag) { tag.resize(size); };
    invitation.Refuses(forgery, Error::BAD_CONFIRMATION_TAG);
  }
  invitation.TakesIt();
  scene.GoesOn();
}

// What members and newcomers are sent: one message of each kind.
std::vector<Bytes> OneOfEach(Scene& scene) {
  Invitation invitation(scene);
  const Insider insider(scene, 1);
  return {insider.Public(Proposal{Remove{{0}}}),
          ForgeCommit(insider, {}).message,
          scene.Send(0, "text"),
          invitation.genuine,
          EncodeMessage(GroupInfoMessage{scene.Info(0)}),
          EncodeMessage(KeyPackageMessage{invitation.package.key_package})};
}

// GHSA-rrmv-c79f-cf5r: decoders indexed beyond the end of an input that was too short, which ended the
// process.
TEST_CASE("OpenMLS GHSA-rrmv-c79f-cf5r: input that ends anywhere, or announces more than is there") {
  Scene scene(AnySuite(), 2);
  for (const Bytes& message : OneOfEach(scene)) {
    REQUIRE(DecodeMessage(message, {}).ok());
    for (std::size_t size = 0; size < message.size(); ++size) {
      // A copy of its own, so that a sanitizer sees the first byte beyond it.
      const Bytes cut(message.begin(), message.begin() + static_cast<std::ptrdiff_t>(size));
      REQUIRE(ErrorOf(DecodeMessage(cut, {})) == Error::MALFORMED);
    }
    for (std::size_t at = 4; at < message.size(); ++at) {
      for (const std::uint8_t byte : {0x3F, 0x7F, 0xBF, 0xFF}) {
        Bytes longer = message;
        longer[at] = byte;
        const auto decoded = DecodeMessage(longer, {});
        if (decoded.ok()) {  // it was content that changed
          REQUIRE(Encode(*decoded) == longer);
          continue;
        }
        const bool version = at < 6 && message[3] == static_cast<int>(WireFormat::mls_key_package);
        REQUIRE(decoded.error() == (version ? Error::INVALID_KEY_PACKAGE : Error::MALFORMED));
      }
    }
  }
  scene.GoesOn();
}

// Nested is a list of one extension that holds a list of one extension, and so on.
Bytes Nested(ExtensionType type, std::size_t depth) {
  Bytes list;
  for (std::size_t i = 0; i < depth; ++i) list = Encode(Extensions{{type, list}});
  return list;
}

// GHSA-gc79-23g3-8g52: extensions inside of extensions were read recursively, so that a peer chose the depth
// of the stack and could end the process.
TEST_CASE("OpenMLS GHSA-gc79-23g3-8g52: extensions nested thousands deep") {
  struct Said {
    ExtensionType type;
    std::string_view in_leaf, in_context;
  };
  // Where bytes of any kind are allowed they stay bytes; nobody looks inside.
  for (const auto& [type, in_leaf, in_context] :
       {Said{ExtensionType::application_id, "taken", "INVALID_EXTENSION"},
        Said{ExtensionType::ratchet_tree, "INVALID_EXTENSION", "INVALID_EXTENSION"},
        Said{ExtensionType::required_capabilities, "INVALID_EXTENSION", "MALFORMED"},
        Said{ExtensionType::external_pub, "INVALID_EXTENSION", "INVALID_EXTENSION"},
        Said{ExtensionType::external_senders, "INVALID_EXTENSION", "MALFORMED"},
        Said{kCustomExtension, "taken", "UNSUPPORTED_CAPABILITY"}}) {
    CAPTURE(static_cast<unsigned>(type));
    Scene scene(AnySuite(), 3);
    const Bytes nested = Nested(type, 3000);
    const Client client = scene.world.NewClient(AnySuite(), "newcomer");
    const Proposal add = AddOf(scene, client, [type = type, &nested](KeyPackage& package) {
      package.leaf_node.capabilities.extensions.push_back(kCustomExtension);
      package.leaf_node.extensions.push_back({type, nested});
    });
    const Insider insider(scene, 2);
    const auto said = [&](std::vector<ProposalOrRef> list) {
      CommitForgery forgery;
      forgery.proposals = std::move(list);
      const MemoryRows before = World::Saved(scene[1]);
      const auto staged = scene[1].Stage(ForgeCommit(insider, std::move(forgery)).message, scene.world.env);
      CHECK(before == World::Saved(scene[1]));
      return std::string(Scene::Name(staged));
    };
    CHECK(said({Value(add)}) == in_leaf);
    CHECK(said({Value({GroupContextExtensions{{{type, nested}}}})}) == in_context);
    GroupInfo info = scene.Info(0);
    info.extensions.push_back({type, nested});
    const auto decoded = DecodeMessage(EncodeMessage(GroupInfoMessage{info}), {});
    REQUIRE(decoded.ok());
    CHECK(std::get<GroupInfoMessage>(decoded->body).group_info == info);
    scene.GoesOn();
  }
}

// GHSA-94v4-rg25-x625: a member whom an external Commit removed was still counted among the members, and
// could read on.
TEST_CASE("OpenMLS GHSA-94v4-rg25-x625: a member that an external Commit removes is out") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 4);
    const Bytes old_key = ToBytes(scene[0].tree().PublicKey(LeafIndex{1}));
    ExternalJoinOptions options;
    options.resync = LeafIndex{1};
    const std::size_t back = scene.JoinByCommit(scene.client(1), scene.Info(0), std::move(options));
    CHECK(scene[1].phase() == Phase::removed);
    CHECK(scene[0].tree().member_count() == 4);
    CHECK(ErrorOf(scene.TryReceive(1, scene.Send(0, "for those who are in"))) == Error::REMOVED);
    for (std::uint32_t leaf = 0; leaf < 4; ++leaf) {
      const View key = scene[0].tree().PublicKey(LeafIndex{leaf});
      CHECK_FALSE(Equal(key, old_key));
    }
    scene.Commit(back);
    scene.Chat();
  }
}

// Pull request 2134: bytes behind the content of a known extension were dropped without a word, so that
// members could hold different bytes for the same thing.
TEST_CASE("OpenMLS 2134: bytes behind the content of a known extension") {
  Scene scene(AnySuite(), 3);
  const Insider insider(scene, 2);
  for (Extension extension : {MakeExtension(RequiredCapabilities{}), MakeExtension(ExternalSenders{})}) {
    extension.extension_data.push_back(0);
    scene.Refuses(1, insider.Public(Proposal{GroupContextExtensions{{extension}}}), Error::MALFORMED);
    CommitForgery forgery;
    forgery.proposals = {Value({GroupContextExtensions{{extension}}})};
    scene.Refuses(1, ForgeCommit(insider, forgery).message, Error::MALFORMED);
  }
  scene.GoesOn();
}

// Pull request 2186: arithmetic on tree indices did not fail where it should, and Commits of senders who
// cannot exist were taken.
TEST_CASE("OpenMLS 2186: a Commit of a leaf that is blank or beyond the tree") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 4);
    scene.Commit(0, Proposing({Remove{{3}}}));
    const Insider insider(scene, 2);
    for (const std::uint32_t leaf :
         {3u, 4u, 8u, 0x3FFFFFFFu, 0x40000000u, 0x7FFFFFFFu, 0x80000000u, 0xFFFFFFFFu}) {
      CommitForgery forgery;
      forgery.content = [leaf](FramedContent& content) { content.sender = Sender::Member({leaf}); };
      scene.Refuses(1, ForgeCommit(insider, forgery).message, Error::UNKNOWN_SENDER);
    }
    scene.GoesOn();
  }
}

// Pull request 1928: the same PSK could be named twice in one Commit.
TEST_CASE("OpenMLS 1928: a PSK twice in one Commit") {
  Scene scene(AnySuite(), 3);
  const Proposal psk = PskOf(scene, 1);
  BothRefuse(scene, {psk, psk}, Error::INVALID_PROPOSAL_LIST);
  scene.GoesOn();
}

// Issue 453: a message two generations ahead made the keys of the generations between unusable.
TEST_CASE("OpenMLS 453: messages come in any order, with gaps") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 2);
    std::vector<Bytes> sent;
    for (int i = 0; i < 8; ++i) sent.push_back(scene.Send(0, "number " + std::to_string(i)));
    for (const std::size_t i : {2u, 0u, 5u, 7u, 6u, 3u, 1u, 4u}) {
      const auto read = std::get<ApplicationMessage>(scene.Receive(1, sent[i]));
      CHECK(Equal(read.data, AsView("number " + std::to_string(i))));
      scene.Refuses(1, sent[i], Error::KEY_CONSUMED);
    }
    scene.GoesOn();
  }
}

// Issue 514: private keys that a Commit had brought stayed when its confirmation tag turned out to be wrong.
TEST_CASE("OpenMLS 514: nothing of a Commit with a wrong confirmation tag stays, private keys neither") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 5);
    CommitForgery forgery;
    forgery.confirmation_tag = [](Bytes& tag) { tag.at(0) ^= 1; };
    const Bytes forged = ForgeCommit(Insider(scene, 2), forgery).message;
    for (const std::size_t member : {0u, 1u, 3u, 4u})
      scene.Refuses(member, forged, Error::BAD_CONFIRMATION_TAG);
    scene.Commit(2);
    scene.GoesOn();
  }
}

// Pull request 1703: an Update stayed in the list beside a Remove of the same member.
TEST_CASE("OpenMLS 1703: an Update beside a Remove of the same member") {
  Scene scene(AnySuite(), 4);
  scene.Deliver(3, scene.ProposeUpdate(3));
  const ProposalOrRef update = ReferenceToNewest(scene, 1);
  RefusesList(scene, {update, Value({Remove{{3}}})}, Error::INVALID_PROPOSAL_LIST);
  const NewCommit commit = scene.Commit(0, Proposing({Remove{{3}}}));
  const std::vector<ProposalOrRef> list = ListOf(commit.message);
  REQUIRE(list.size() == 1);
  CHECK(std::get<ProposalByValue>(list.front().body).proposal.type() == ProposalType::remove);
  scene.GoesOn();
}

// Pull requests 1691 and 1944: messages of past epochs were judged with the keys of whoever sat at that leaf
// later.
TEST_CASE("OpenMLS 1691, 1944: a late message is judged by the keys of its own epoch") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 3);
    const Bytes late = scene.Send(2, "late");
    const Insider then(scene, 1);  // who may forge for that epoch with another's signature
    scene.Commit(0, Proposing({Remove{{2}}}));
    const std::size_t successor = scene.Hire(0);
    REQUIRE(scene[successor].self() == LeafIndex{2});
    const Insider now(scene, successor);
    PrivateForgery forgery;
    forgery.leaf = forgery.key_leaf = LeafIndex{2};
    forgery.key_generation = 1;
    FramedContent content = then.Content(ContentBody(ApplicationContent{{1}}));
    content.sender = Sender::Member({2});
    const auto signed_now =
        then.SignWith(now.signer, then.context(), std::move(content), WireFormat::mls_private_message);
    scene.Refuses(0, then.Private(signed_now, forgery), Error::BAD_SIGNATURE);
    const auto read = std::get<ApplicationMessage>(scene.Receive(0, late));
    CHECK(Equal(read.data, AsView("late")));
    CHECK(read.sender == LeafIndex{2});
    scene.GoesOn();
  }
}

// Pull request 2147: the length of extensions of exactly 0x3FFF bytes was written in a form that nobody could
// read.
TEST_CASE("OpenMLS 2147: extensions as long as a form of length allows, and one byte more") {
  for (const std::size_t size : {63u, 64u, 0x3FFEu, 0x3FFFu, 0x4000u}) {
    const Extension extension{kCustomExtension, Bytes(size, 1)};
    const auto decoded = Decode<Extension>(Encode(extension));
    REQUIRE(decoded.ok());
    CHECK(*decoded == extension);
    Scene scene(AnySuite(), 2);
    Client client = scene.world.NewClient(AnySuite(), "newcomer");
    client.profile.capabilities.extensions.push_back(kCustomExtension);
    client.profile.leaf_extensions = {extension};
    const NewKeyPackage package = scene.world.NewKeyPackageOf(client);
    const NewCommit commit = scene.Commit(0, Proposing({Add{package.key_package}}));
    scene.Enter(client, scene.JoinByWelcome(commit.welcomes.at(0).message, package));
    scene.GoesOn();
  }
}

}  // namespace
}  // namespace mls::test
