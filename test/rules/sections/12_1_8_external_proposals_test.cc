// RFC 9420 §12.1.8: proposals from outside the group.
#include "kit/lists.h"

namespace mls::test {
namespace {

TEST_CASE("R12.1.8-01: an external proposal where the GroupContext has no external_senders") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 4);
    const Watcher watcher(scene);
    scene.Commit(0, Proposing({GroupContextExtensions{}}));
    REQUIRE(scene[kReceiver].context().extensions.empty());
    scene.Refuses(kReceiver, watcher.Propose({Remove{{3}}}), Error::UNKNOWN_SENDER);
    scene.Commit(0, Proposing({GroupContextExtensions{{MakeExtension(ExternalSenders{})}}}));
    for (const std::uint32_t index : {0u, 1u, ~0u}) {
      scene.Refuses(kReceiver, watcher.Propose({Remove{{3}}}, index), Error::UNKNOWN_SENDER);
    }
    CHECK(scene[kReceiver].proposals().empty());
    scene.GoesOn();
  }
}

// Bytes with which a client asks to be added.
Bytes OwnAdd(Scene& scene, const Client& client) {
  const GroupContext& context = scene[0].context();
  return Must(ProposeOwnAdd(scene.world.NewKeyPackageOf(client).key_package,
                            client.profile.signature_private_key, context.group_id, context.epoch));
}

TEST_CASE("R12.1.8-02: an unauthorized joiner") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    CompanyOptions options = Scene::Open();
    options.policy.new_member_proposals = Policy::NewMemberProposals::refuse;
    Scene scene(suite, 3, options);
    const Client client = scene.world.NewClient(suite, "newcomer");
    scene.Refuses(kReceiver, OwnAdd(scene, client), Error::NOT_AUTHORIZED);
    CHECK(scene[kReceiver].proposals().empty());
    scene.GoesOn();
    // Where joiners may ask, the application still judges each.
    Scene open(suite, 3);
    const Bytes asking = OwnAdd(open, open.world.NewClient(suite, "newcomer"));
    const MemoryRows before = World::Saved(open[kReceiver]);
    StagedMessage staged = Must(open[kReceiver].Stage(asking, open.world.env));
    REQUIRE(staged.questions.credentials.size() == 1);
    CHECK(staged.questions.credentials[0].credential == Credential::Basic(AsView("newcomer")));
    const Answers no{{Verdict::reject_policy}, {}};
    CHECK(Scene::Name(open[kReceiver].Complete(std::move(staged), no, open.world.env)) == "POLICY");
    CHECK(before == World::Saved(open[kReceiver]));
    open.Accepts(kReceiver, asking);
  }
}

TEST_CASE("R12.1.8-03: an external proposal is a PublicMessage") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    CompanyOptions options;  // where members encrypt theirs
    REQUIRE(options.policy.handshake_format == WireFormat::mls_private_message);
    Scene scene(suite, 4, options);
    const Watcher watcher(scene);
    const GroupContext& context = scene[0].context();
    const Bytes ours = Must(ProposeAsExternal(suite, context.group_id, context.epoch, 0,
                                              watcher.keys.private_key, {Remove{{3}}}));
    CHECK(std::holds_alternative<PublicMessage>(Must(DecodeMessage(ours, {})).body));
    const Bytes asking = OwnAdd(scene, scene.world.NewClient(suite, "newcomer"));
    CHECK(std::holds_alternative<PublicMessage>(Must(DecodeMessage(asking, {})).body));
    // A member helps the sender to encrypt one: a PrivateMessage has no sender but a leaf.
    const Insider helper(scene, kForger);
    FramedContent content = helper.Content(Proposal{Remove{{3}}});
    content.sender = Sender::External(0);
    const AuthenticatedContent from_outside =
        helper.SignWith(watcher.keys.private_key, helper.context(), content, WireFormat::mls_private_message);
    scene.Refuses(kReceiver, helper.Private(from_outside), Error::BAD_SIGNATURE);
    PrivateForgery nobody;
    nobody.leaf = LeafIndex{9};
    scene.Refuses(kReceiver, helper.Private(from_outside, nobody), Error::UNKNOWN_SENDER);
    CHECK(scene[kReceiver].proposals().empty());
    scene.Accepts(kReceiver, ours);
    scene.Accepts(kReceiver, asking);
  }
}

void RefusesFromOutside(const Hook<Scene>& prepare, const std::function<Proposal(Scene&)>& make) {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 4, WithCustom());
    Run(prepare, scene);
    const Watcher watcher(scene);
    const Proposal proposal = make(scene);
    scene.Refuses(kReceiver, watcher.Propose(proposal), Error::INVALID_SENDER_TYPE);
    CHECK(scene[kReceiver].proposals().empty());
    scene.Accepts(kReceiver, watcher.Propose({Remove{{3}}}));
  }
}

TEST_CASE("R12.1.8-04: an Update from an external sender") {
  RefusesFromOutside({}, [](Scene& scene) { return UpdateOf(scene, 3); });
  // Nor is it made.
  Scene scene(AllSuites()[0], 2);
  const Watcher watcher(scene);
  CHECK(ErrorOf(ProposeAsExternal(AllSuites()[0], Bytes{1}, 2, 0, watcher.keys.private_key,
                                  UpdateOf(scene, 1))) == Error::INVALID_SENDER_TYPE);
}

TEST_CASE("R12.1.8-05: an ExternalInit from an external sender") {
  const auto make = [](Scene& scene) {
    const Suite& suite = scene[0].suite();
    const HpkeKeyPair external = Must(ExternalKeyPair(suite, Insider(scene, 0).external_secret));
    return Proposal{
        ExternalInit{Must(SendExternalInit(suite, external.public_key, scene.world.random)).kem_output}};
  };
  RefusesFromOutside({}, make);
  Scene scene(AllSuites()[0], 2);
  const Watcher watcher(scene);
  CHECK(ErrorOf(ProposeAsExternal(AllSuites()[0], Bytes{1}, 2, 0, watcher.keys.private_key, make(scene))) ==
        Error::INVALID_SENDER_TYPE);
}

TEST_CASE("R12.1.8-06: a custom type that is not marked for external senders") {
  const auto make = [](Scene&) { return Proposal{CustomProposal{kCustom, Bytes{1}}}; };
  RefusesFromOutside({}, make);
  // Marked, it is taken; a type that nobody knows is not marked.
  Scene scene(AllSuites()[0], 3,
              WithCustom(CustomProposalType::Path::required, CustomProposalType::External::allowed));
  const Watcher watcher(scene);
  scene.Refuses(kReceiver, watcher.Propose({CustomProposal{ProposalType{0xF777}, {}}}),
                Error::INVALID_SENDER_TYPE);
  scene.Accepts(kReceiver, watcher.Propose(make(scene)));
}

TEST_CASE("R12.1.8-07: the five allowed types from an external sender") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 4);
    const Watcher watcher(scene);
    const auto everyone = [&](Proposal proposal) {
      const Bytes message = watcher.Propose(std::move(proposal));
      for (std::size_t i = 0; i < scene.size(); ++i) {
        if (scene[i].phase() != Phase::removed) scene.Accepts(i, message);
      }
    };
    everyone(AddOf(scene));
    everyone({Remove{{3}}});
    everyone(PskOf(scene, 1));
    everyone({GroupContextExtensions{scene[0].context().extensions}});
    CHECK(scene[kReceiver].proposals().in_order().size() == 4);
    CHECK(ListOf(scene.Commit(0).message).size() == 4);
    CHECK(scene[3].phase() == Phase::removed);
    scene.GoesOn();
    everyone(ReInitOf(scene));
    scene.Commit(0);
    CHECK(scene[kReceiver].phase() == Phase::suspended);
  }
}

Extension SendersOf(const std::vector<ExternalSender>& senders) {
  return MakeExtension(ExternalSenders{senders});
}

TEST_CASE("R12.1.8.1-01: external_senders decodes, and its keys fit the suite") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 4);
    const auto sender = [&](const Suite& of) {
      return ExternalSender{Must(GenerateSignatureKeyPair(of, scene.world.random)).public_key,
                            Credential::Basic(AsView("watcher"))};
    };
    const ExternalSender good = sender(suite);
    std::size_t other = 0;
    while (AllSuites()[other].signature == suite.signature) ++other;
    Extension truncated = SendersOf({good});
    truncated.extension_data.pop_back();
    Extension trailing = SendersOf({good});
    trailing.extension_data.push_back(0);
    const Limits limits;
    const std::vector<std::pair<Extension, Error>> invalid = {
        {truncated, Error::MALFORMED},
        {trailing, Error::MALFORMED},
        {SendersOf({good, sender(AllSuites()[other])}), Error::INVALID_KEY},
        {SendersOf({good, {Bytes{}, good.credential}}), Error::INVALID_KEY},
        {SendersOf(std::vector(&suite == &AllSuites()[0] ? 1u << 16 : 2048, good)), Error::LIMIT_EXCEEDED},
        {SendersOf(std::vector(limits.max_external_senders + 1, good)), Error::LIMIT_EXCEEDED},
    };
    for (std::size_t i = 0; i < invalid.size(); ++i) {
      CAPTURE(i);
      const Proposal proposal{GroupContextExtensions{{invalid[i].first}}};
      scene.Refuses(kReceiver, Insider(scene, kForger).Public(proposal), invalid[i].second);
      BothRefuse(scene, {proposal}, invalid[i].second);
      const GroupOptions options{&suite, {}, {invalid[i].first}, {}};
      CHECK(ErrorOf(Group::Create(options, scene.client(0).profile, scene.world.env)) == invalid[i].second);
    }
    // An empty list names nobody, which the text allows; and the most that we take is taken.
    scene.Commit(0, Proposing({GroupContextExtensions{{SendersOf({})}}}));
    scene.Commit(
        0, Proposing({GroupContextExtensions{{SendersOf(std::vector(limits.max_external_senders, good))}}}));
    scene.GoesOn();
  }
}

TEST_CASE("R12.1.8.1-02: the sender list is that of the current epoch") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 4);
    const Watcher former(scene);
    scene.Accepts(kReceiver, former.Propose({Remove{{3}}}));
    const Watcher present(scene);  // replaces it
    scene.Refuses(kReceiver, former.Propose({Remove{{3}}}), Error::BAD_SIGNATURE);
    scene.Refuses(kReceiver, former.Propose({Remove{{3}}}, 1), Error::UNKNOWN_SENDER);
    CHECK(scene[kReceiver].proposals().empty());
    scene.GoesOn();
    scene.Accepts(kReceiver, present.Propose({Remove{{3}}}));
  }
}

}  // namespace
}  // namespace mls::test
