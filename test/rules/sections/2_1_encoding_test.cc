// RFC 9420 §2.1: optional values and variable-length vectors have one encoding each.
#include "group/certificates.h"
#include "kit/deviant_encoding.h"
#include "kit/forged_commit.h"
#include "kit/invitation.h"
#include "kit/lists.h"
#include "kit/stopwatch.h"
#include "support/allocations.h"

namespace mls::test {
namespace {

// Certified is a client with an X.509 credential, whose leaves carry an extension.
Client Certified(Scene& scene) {
  Client client = scene.world.NewClient(AnySuite(), "certified");
  client.profile.credential = MakeX509(AnySuite(), "certified", client.profile.signature_key);
  client.profile.leaf_extensions = {{ExtensionType::application_id, {1, 2, 3}}};
  return client;
}

// Proposals of the types that have structures of their own, but Add and Update.
std::vector<Proposal> ProposalsOf(Scene& scene) {
  const ResumptionPsk resumption{ResumptionPSKUsage::application, Bytes(5, 1), 7};
  const ReInit reinit{Bytes(4, 1), ProtocolVersion::mls10, AnySuite().id, {{ExtensionType{0xF001}, {1}}}};
  return {{Remove{{1}}},
          {reinit},
          {ExternalInit{Bytes(32, 1)}},
          {PreSharedKey{{resumption, Bytes(AnySuite().Nh, 2)}}},
          {GroupContextExtensions{{MakeExtension(RequiredCapabilities{})}}},
          {CustomProposal{kCustom, Bytes(5, 3)}},
          PskOf(scene, 1)};
}

// EveryKind gives messages of all five wire formats, as members make them, with every structure in them.
std::vector<MLSMessage> EveryKind(Scene& scene) {
  const Client client = Certified(scene);
  const NewKeyPackage package =
      Must(GenerateKeyPackage(AnySuite(), client.profile, kLifetime, {}, scene.world.random));
  const auto decoded = [](View bytes) { return Must(DecodeMessage(bytes, {})); };
  CommitOptions options = Proposing({Add{package.key_package}});
  options.proposals.push_back(PskOf(scene, 1));
  options.proposals.push_back({GroupContextExtensions{}});
  options.authenticated_data = Bytes(63, 2);
  std::vector<MLSMessage> messages = {decoded(scene.ProposeUpdate(0)), decoded(scene.Send(2, "text"))};
  const NewCommit commit = scene.MakeCommit(1, std::move(options));
  messages.push_back(decoded(commit.message));
  messages.push_back(decoded(commit.welcomes.at(0).message));
  messages.push_back({ProtocolVersion::mls10, GroupInfoMessage{scene.Info(2)}});
  messages.push_back({ProtocolVersion::mls10, KeyPackageMessage{package.key_package}});
  const Insider insider(scene, 2);
  for (const Proposal& proposal : ProposalsOf(scene)) messages.push_back(decoded(insider.Public(proposal)));
  return messages;
}

CompanyOptions Talkative() {
  CompanyOptions options = Scene::Open();
  options.policy.send_with_uncommitted_proposals = Policy::Uncommitted::allow;
  return options;
}

using Octets = std::initializer_list<std::uint8_t>;

// ForEachPlace lets `write` give an encoding once for each place where `deviance` is possible, and `each`
// have it. Gives the number of places.
template <class Write, class Each>
std::size_t ForEachPlace(Deviance deviance, Octets octets, Write write, Each each) {
  std::size_t places = 0;
  for (const std::uint8_t octet : octets) {
    for (std::size_t at = 0;; ++at, ++places) {
      DeviantEncoding encoding(deviance, at, octet);
      const Bytes bytes = write(encoding);
      if (at >= encoding.places()) break;
      CAPTURE(at);
      each(bytes, encoding);
    }
  }
  return places / octets.size();
}

// RefuseDeviance writes each place of each message deviantly in turn.
void RefuseDeviance(Deviance deviance, Octets octets, std::size_t places_at_least) {
  Scene scene(AnySuite(), 3, Talkative());
  std::size_t places = 0;
  for (const MLSMessage& message : EveryKind(scene)) {
    REQUIRE(Equal(DeviantEncoding().Of(message), Encode(message)));
    places += ForEachPlace(
        deviance, octets, [&](DeviantEncoding& encoding) { return encoding.Of(message); },
        [&](const Bytes& bytes, auto&) { scene.RefusesToDecode(bytes, Error::MALFORMED); });
  }
  CHECK(places >= places_at_least);
}

// RefuseDeviantSecrets does the same to the GroupSecrets of a Welcome.
void RefuseDeviantSecrets(Deviance deviance, Octets octets, std::size_t places_at_least) {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 3);
    CommitOptions options;
    options.proposals = {PskOf(scene, 1)};
    Invitation invitation(scene, std::move(options));
    REQUIRE(invitation.secrets.path_secret.has_value());
    REQUIRE(invitation.secrets.psks.size() == 1);
    const std::size_t places = ForEachPlace(
        deviance, octets, [&](DeviantEncoding& encoding) { return encoding.Of(invitation.secrets); },
        [&](const Bytes& bytes, auto&) {
          WelcomeForgery forgery;
          forgery.encoded_secrets = [&](Bytes& plain) { plain = bytes; };
          invitation.Refuses(forgery, Error::MALFORMED);
        });
    CHECK(places >= places_at_least);
    invitation.TakesIt();
    scene.GoesOn();
  }
}

// PrivateContents gives what member 2 might encrypt: application data, proposals and a Commit.
std::vector<AuthenticatedContent> PrivateContents(Scene& scene, const Insider& insider) {
  std::vector<AuthenticatedContent> contents = {insider.Data()};
  for (Proposal& proposal : ProposalsOf(scene)) {
    contents.push_back(insider.Sign(insider.Content(std::move(proposal)), WireFormat::mls_private_message));
  }
  CommitForgery forgery;
  forgery.format = WireFormat::mls_private_message;
  forgery.proposals = {Value(AddOf(scene)), Value(PskOf(scene, 1))};
  forgery.signed_content = [&](AuthenticatedContent& content) { contents.push_back(content); };
  ForgeCommit(insider, std::move(forgery));
  return contents;
}

// RefuseDeviantContents does the same to the plaintext of PrivateMessages.
void RefuseDeviantContents(Deviance deviance, Octets octets, std::size_t places_at_least) {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 3);
    const Insider insider(scene, 2);
    std::size_t places = 0;
    const std::vector<AuthenticatedContent> contents = PrivateContents(scene, insider);
    REQUIRE(contents.back().content.content_type() == ContentType::commit);
    for (const AuthenticatedContent& content : contents) {
      places += ForEachPlace(
          deviance, octets, [&](DeviantEncoding& encoding) { return encoding.OfPrivate(content); },
          [&](const Bytes& bytes, auto&) {
            PrivateForgery forgery;
            forgery.plaintext = [&](Bytes& plain) { plain = bytes; };
            scene.Refuses(1, insider.Private(content, forgery), Error::MALFORMED);
          });
    }
    CHECK(places >= places_at_least);
    // Written as it should be, it is taken.
    PrivateForgery honest;
    honest.plaintext = [&](Bytes& plain) { plain = DeviantEncoding().OfPrivate(contents.back()); };
    scene.Accepts(1, insider.Private(contents.back(), honest));
  }
}

Extension* Find(Extensions& extensions, ExtensionType type) {
  for (Extension& extension : extensions) {
    if (extension.extension_type == type) return &extension;
  }
  return nullptr;
}

// RefusesData: who would join is given this for the data of that extension of the GroupInfo.
void RefusesData(Scene& scene, const Invitation& invitation, ExtensionType type, const Bytes& data) {
  WelcomeForgery forgery;
  forgery.info = [&](GroupInfo& info) {
    if (Extension* extension = Find(info.extensions, type)) extension->extension_data = data;
  };
  if (type == ExtensionType::ratchet_tree) invitation.Refuses(forgery, Error::MALFORMED);
  scene.RefusesJoinByCommit(scene.world.NewClient(AnySuite(), "stranger"),
                            ForgeInfo(scene, scene.Info(0), forgery), Error::MALFORMED);
}

// RefuseDeviantExtensions does the same inside of the RFC's own extensions, which are opaque to a decoder:
// those of a GroupInfo, and those of a GroupContext, proposed, committed and found by a joiner.
void RefuseDeviantExtensions(Deviance deviance, Octets octets, std::size_t places_at_least) {
  Scene scene(AnySuite(), 3);
  const NewKeyPackage package = scene.world.NewKeyPackageOf(Certified(scene));
  scene.Commit(0, Proposing({Add{package.key_package}}));
  Invitation invitation(scene);
  std::size_t places = 0;
  GroupInfo info = scene.Info(0);
  for (const ExtensionType type : {ExtensionType::ratchet_tree, ExtensionType::external_pub}) {
    const Extension extension = *Find(info.extensions, type);
    REQUIRE(Equal(DeviantEncoding().OfData(extension), extension.extension_data));
    places += ForEachPlace(
        deviance, octets, [&](DeviantEncoding& encoding) { return encoding.OfData(extension); },
        [&](const Bytes& bytes, auto&) { RefusesData(scene, invitation, type, bytes); });
  }
  const RequiredCapabilities required{{ExtensionType::application_id}, {ProposalType::add}, {}};
  const LeafNode& certified = package.key_package.leaf_node;
  const ExternalSenders senders{{{certified.signature_key, certified.credential}}};
  const Insider insider(scene, 2);
  for (const Extension& extension : {MakeExtension(required), MakeExtension(senders)}) {
    REQUIRE(Equal(DeviantEncoding().OfData(extension), extension.extension_data));
    places += ForEachPlace(
        deviance, octets, [&](DeviantEncoding& encoding) { return encoding.OfData(extension); },
        [&](const Bytes& bytes, auto&) {
          const Proposal change{GroupContextExtensions{{{extension.extension_type, bytes}}}};
          scene.Refuses(1, insider.Public(change), Error::MALFORMED);
          RefusesList(scene, {change}, Error::MALFORMED);
          WelcomeForgery forgery;
          forgery.info = [&](GroupInfo& one) {
            one.group_context.extensions = {{extension.extension_type, bytes}};
          };
          invitation.Refuses(forgery, Error::MALFORMED);
        });
    scene.Accepts(1, insider.Public(Proposal{GroupContextExtensions{{extension}}}));
  }
  CHECK(places >= places_at_least);
  invitation.TakesIt();
  scene.Commit(0);
  scene.GoesOn();
}

struct AtLeast {
  std::size_t in_messages, in_secrets, in_contents, in_extensions;
};

void RefuseEverywhere(Deviance deviance, Octets octets, AtLeast places) {
  RefuseDeviance(deviance, octets, places.in_messages);
  RefuseDeviantSecrets(deviance, octets, places.in_secrets);
  RefuseDeviantContents(deviance, octets, places.in_contents);
  RefuseDeviantExtensions(deviance, octets, places.in_extensions);
}

TEST_CASE("R2.1.1-01: optional<T> presence octet is only 0 or 1") {
  RefuseEverywhere(Deviance::presence, {2, 0xFF}, {1, 1, 1, 5});
}

TEST_CASE("R2.1.2-01: length varint uses the smallest size: 2-byte form only for >=64") {
  RefuseEverywhere(Deviance::two_byte_length, {0}, {80, 1, 25, 30});
}

TEST_CASE("R2.1.2-02: length varint uses the smallest size: 4-byte form only for >=16384") {
  RefuseEverywhere(Deviance::four_byte_length, {0}, {80, 2, 40, 40});
}

TEST_CASE("R2.1.2-03: varint prefix 11 is invalid") {
  RefuseEverywhere(Deviance::reserved_prefix, {0xC0, 0xFF}, {80, 2, 40, 40});
}

TEST_CASE("R2.1.2-04: truncated varint is malformed") {
  Scene scene(AnySuite(), 2);
  // A PublicMessage's group_id and a Welcome's secrets are the first vectors of theirs.
  for (const Bytes& start : {Bytes{0, 1, 0, 1}, Bytes{0, 1, 0, 2}, Bytes{0, 1, 0, 3, 0, 1}}) {
    for (const Bytes& length : {Bytes{}, Bytes{0x40}, Bytes{0x80}, Bytes{0x80, 0}, Bytes{0x80, 0, 0}}) {
      Bytes message = start;
      message.insert(message.end(), length.begin(), length.end());
      scene.RefusesToDecode(message, Error::MALFORMED);
    }
  }
}

// ReadsCheaply: it takes less than a millisecond, and no block of memory larger than `most`.
template <class Read>
void ReadsCheaply(std::size_t most, Read read) {
  CHECK(AllocationsOf(read).largest <= most);
  CHECK(MillisecondsOf(read) < 1);
}

TEST_CASE("R2.1.2-05: a declared length beyond the remaining input is malformed") {
  // Each length in turn says 2^30-1, and four bytes follow; the lengths around it are right, so that it is
  // reached. Input that repeats one element: core/wire/allocation_test.
  Scene scene(AnySuite(), 3, Talkative());
  std::size_t places = 0;
  for (const MLSMessage& message : EveryKind(scene)) {
    places += ForEachPlace(
        Deviance::beyond_input, {0}, [&](DeviantEncoding& encoding) { return encoding.Of(message); },
        [&](const Bytes& bytes, auto&) {
          ReadsCheaply(bytes.size(), [&] { (void)DecodeMessage(bytes, {}).ok(); });
          scene.RefusesToDecode(bytes, Error::MALFORMED);
        });
  }
  CHECK(places >= 100);
  RefuseDeviantSecrets(Deviance::beyond_input, {0}, 3);
  RefuseDeviantContents(Deviance::beyond_input, {0}, 50);
  RefuseDeviantExtensions(Deviance::beyond_input, {0}, 50);
}

TEST_CASE("R2.1.2-05: nor does it cost anything five vectors deep") {
  // extensions<V>, extension_data<V>, ratchet_tree<V>, certificates<V>, cert_data<V>
  Scene scene(AnySuite(), 1);
  const Client client = Certified(scene);
  const NewKeyPackage package = scene.world.NewKeyPackageOf(client);
  const NewCommit commit = scene.Commit(0, Proposing({Add{package.key_package}}));
  scene.Enter(client, scene.JoinByWelcome(commit.welcomes.at(0).message, package));
  Invitation invitation(scene);
  const Extension tree = *Find(invitation.info.extensions, ExtensionType::ratchet_tree);
  const auto decode = [](const Bytes& data) {
    (void)RatchetTree::DecodeExtension(AnySuite(), data, {}).ok();
  };
  const std::size_t honest = AllocationsOf([&] { decode(tree.extension_data); }).largest;
  std::size_t deep = 0;
  ForEachPlace(
      Deviance::beyond_input, {0}, [&](DeviantEncoding& encoding) { return encoding.OfData(tree); },
      [&](const Bytes& bytes, const DeviantEncoding& encoding) {
        if (encoding.depth() < 5) return;
        ++deep;
        ReadsCheaply(honest, [&] { decode(bytes); });
        RefusesData(scene, invitation, ExtensionType::ratchet_tree, bytes);
      });
  CHECK(deep == 3);  // two certificates, and the data of an extension beside them
  // However much follows: what claims more is no leaf, and is not one that is too large.
  Bytes nodes = {1, 1, 0xBF, 0xFF, 0xFF, 0xFF};
  nodes.resize(2 * Limits{}.max_leaf_node_size);
  RefusesData(scene, invitation, ExtensionType::ratchet_tree, Encode(nodes));
  invitation.TakesIt();
  scene.GoesOn();
}

TEST_CASE("R2.1.2-05: a claim anywhere in a message is refused, or is content") {
  Scene scene(AnySuite(), 3, Talkative());
  const Bytes claim{0xBF, 0xFF, 0xFF, 0xFF};
  for (const MLSMessage& message : EveryKind(scene)) {
    const Bytes honest = Encode(message);
    for (std::size_t at = 0; at + 4 <= honest.size(); ++at) {
      Bytes changed = honest;
      std::copy(claim.begin(), claim.end(), changed.begin() + static_cast<std::ptrdiff_t>(at));
      const auto decoded = DecodeMessage(changed, {});
      // Where it overwrites content, the message may still be one; then it says the same when it is encoded.
      CHECK((!decoded.ok() || Encode(*decoded) == changed));
    }
  }
}

TEST_CASE("R2.1.2-06: encoder writes minimum form at the boundaries") {
  struct Case {
    std::size_t size, length_bytes;
  };
  for (const auto& [size, length_bytes] :
       {Case{0, 1}, Case{63, 1}, Case{64, 2}, Case{16'383, 2}, Case{16'384, 4}, Case{1u << 20, 4}}) {
    const Bytes encoded = Encode(Bytes(size, 7));
    CHECK(encoded.size() == size + length_bytes);
    // Read as RFC 9420 §2.1.2 writes it, not as our decoder does.
    std::size_t length = encoded[0] & 0x3f;
    for (std::size_t i = 1; i < length_bytes; ++i) length = length << 8 | encoded[i];
    CHECK((encoded[0] >> 6) == (length_bytes == 1 ? 0 : length_bytes == 2 ? 1 : 2));
    CHECK(length == size);
  }
}

TEST_CASE("R2.1.2-08: vector length is a whole number of elements") {
  Scene scene(AnySuite(), 3);
  Invitation invitation(scene);
  // capabilities.versions of three bytes, in a KeyPackage
  const KeyPackage& package = invitation.package.key_package;
  const LeafNode& leaf = package.leaf_node;
  Bytes message = EncodeMessage(KeyPackageMessage{package});
  const std::size_t at = 4 + EncodedSize(package.version, package.cipher_suite, package.init_key,
                                         leaf.encryption_key, leaf.signature_key, leaf.credential);
  REQUIRE(message.at(at) == 2);
  message[at] = 3;
  message.insert(message.begin() + static_cast<std::ptrdiff_t>(at) + 1, 0);
  scene.RefusesToDecode(message, Error::MALFORMED);
  // unmerged_leaves of six bytes, in a tree
  WelcomeForgery forgery;
  forgery.info = [](GroupInfo& info) {
    Bytes nodes;
    const Bytes parent = Encode(Bytes(32, 9), Bytes(), Bytes{0, 0, 0, 1, 0, 0});
    for (const auto& node : DecodeNodes(info.extensions.at(0).extension_data)) {
      Bytes entry{static_cast<std::uint8_t>(node.has_value())};
      if (node) {
        const bool is_parent = std::holds_alternative<ParentNode>(*node);
        entry.push_back(is_parent ? 2 : 1);
        const Bytes body = is_parent ? parent : Encode(std::get<LeafNode>(*node));
        entry.insert(entry.end(), body.begin(), body.end());
      }
      nodes.insert(nodes.end(), entry.begin(), entry.end());
    }
    info.extensions.at(0).extension_data = Encode(nodes);
  };
  scene.RefusesJoin(invitation.Forge(forgery), invitation.package, Error::MALFORMED);
  invitation.TakesIt();
  scene.GoesOn();
}

TEST_CASE("R2.1.2-09: inner vector may not run past the enclosing vector") {
  Scene scene(AnySuite(), 2);
  const Client client = scene.world.NewClient(AnySuite(), "newcomer");
  KeyPackage package = scene.world.NewKeyPackageOf(client).key_package;
  package.extensions = {{ExtensionType{0xF001}, Bytes(3, 1)}};
  const Bytes honest = EncodeMessage(KeyPackageMessage{package});
  REQUIRE(DecodeMessage(honest, {}).ok());
  // …| extensions: length 6 | type F001 | data: length 3 | 1 1 1 | signature
  const std::size_t at = honest.size() - EncodedSize(package.signature) - 4;
  REQUIRE(honest.at(at) == 3);
  for (const std::uint8_t longer : {4, 5, 63}) {
    Bytes message = honest;
    message[at] = longer;
    scene.RefusesToDecode(message, Error::MALFORMED);
  }
}

TEST_CASE("R2.1.2-10: no bytes after the last field of a top-level structure") {
  Scene scene(AnySuite(), 3, Talkative());
  const std::vector<MLSMessage> messages = EveryKind(scene);
  REQUIRE(messages.size() == 13);
  for (const MLSMessage& message : messages) {
    Bytes longer = Encode(message);
    longer.push_back(0);
    scene.RefusesToDecode(longer, Error::MALFORMED);
  }
}

TEST_CASE("R2.1.2-11: no trailing bytes inside a known structured extension") {
  Scene scene(AnySuite(), 3);
  const Insider insider(scene, 2);
  const ExternalSender sender{scene.client(0).profile.signature_key, scene.client(0).profile.credential};
  for (Extension extension :
       {MakeExtension(RequiredCapabilities{}), MakeExtension(ExternalSenders{{sender}})}) {
    extension.extension_data.push_back(0);
    scene.Refuses(1, insider.Public(Proposal{GroupContextExtensions{{extension}}}), Error::MALFORMED);
    CommitForgery forgery;
    forgery.proposals = {Value({GroupContextExtensions{{extension}}})};
    scene.Refuses(1, ForgeCommit(insider, forgery).message, Error::MALFORMED);
  }
  const auto longer = [](ExtensionType type) {
    return [type](GroupInfo& info) {
      for (Extension& extension : info.extensions) {
        if (extension.extension_type == type) extension.extension_data.push_back(0);
      }
    };
  };
  for (const ExtensionType type : {ExtensionType::ratchet_tree, ExtensionType::external_pub}) {
    InfoForgery forgery;
    forgery.info = longer(type);
    scene.RefusesJoinByCommit(scene.world.NewClient(AnySuite(), "stranger"),
                              ForgeInfo(scene, scene.Info(0), forgery), Error::MALFORMED);
  }
  Invitation invitation(scene);
  WelcomeForgery forgery;
  forgery.info = longer(ExtensionType::ratchet_tree);
  invitation.Refuses(forgery, Error::MALFORMED);
  invitation.TakesIt();
  scene.GoesOn();
}

// Matryoshka is a list of one extension that holds a list of one extension, and so on, written from the
// inside out.
Bytes Matryoshka(std::size_t levels) {
  Bytes backwards;
  const auto prepend = [&](const Bytes& bytes) {
    backwards.insert(backwards.end(), bytes.rbegin(), bytes.rend());
  };
  const auto prepend_length = [&] {
    Bytes length(LengthSize(backwards.size()));
    Writer(length).Length(backwards.size());
    prepend(length);
  };
  for (std::size_t level = 0; level < levels; ++level) {
    prepend_length();
    prepend(Encode(ExtensionType{0xF001}));
    prepend_length();
  }
  return {backwards.rbegin(), backwards.rend()};
}

TEST_CASE("R2.1.2-12: nesting and recursion in decoding are bounded") {
  // No structure contains itself (core/message/nesting_test computes the depth of each), so what looks like
  // 100,000 extensions in extensions is one extension with opaque data, and a list that opens at every byte
  // ends.
  Scene scene(AnySuite(), 2);
  const ExtensionType type{0xF001};
  REQUIRE(Matryoshka(2) == Encode(Extensions{{type, Encode(Extensions{{type, {}}})}}));
  const Bytes matryoshka = Matryoshka(100'000);
  KeyPackage package = scene.world.NewKeyPackageOf(scene.client(0)).key_package;
  package.extensions = {{type, matryoshka}};
  const auto decoded = DecodeMessage(EncodeMessage(KeyPackageMessage{package}), {});
  REQUIRE(decoded.ok());
  CHECK(std::get<KeyPackageMessage>(decoded->body).key_package == package);
  for (const std::uint8_t byte : {0x01, 0x3F, 0x7F, 0x80, 0xBF}) {
    Bytes bytes(100'000, byte);
    for (const std::uint8_t format : {1, 2, 3, 4, 5}) {
      std::copy_n(Bytes{0, 1, 0, format}.begin(), 4, bytes.begin());
      scene.RefusesToDecode(bytes, Error::MALFORMED);
    }
  }
}

}  // namespace
}  // namespace mls::test
