// RFC 9420 §12.4.3.1: the outside of a Welcome, and the secrets in it.
#include "kit/invitation.h"

namespace mls::test {
namespace {

WelcomeForgery Secrets(Hook<GroupSecrets> change) {
  WelcomeForgery forgery;
  forgery.secrets = std::move(change);
  return forgery;
}
WelcomeForgery Outside(Hook<Welcome> change) {
  WelcomeForgery forgery;
  forgery.welcome = std::move(change);
  return forgery;
}

// Welcomed runs a scenario over all suites: a newcomer who is to join at the end, and a group that goes on.
template <class Scenario>
void Welcomed(Scenario scenario) {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 3);
    Invitation invitation(scene);
    scenario(suite, invitation);
    invitation.TakesIt();
    scene.GoesOn();
  }
}

TEST_CASE("R12.4.3.1-01: the tree is there before the Welcome is processed") {
  Welcomed([](const Suite& suite, Invitation& invitation) {
    WelcomeForgery forgery;
    forgery.info = [](GroupInfo& info) {
      std::erase_if(info.extensions,
                    [](const Extension& one) { return one.extension_type == ExtensionType::ratchet_tree; });
    };
    invitation.Refuses(forgery, Error::MISSING_TREE);
    Scene& scene = invitation.scene;
    GroupInfoOptions apart;
    apart.tree = CommitOptions::Tree::apart;
    scene.RefusesJoinByCommit(scene.world.NewClient(suite, "stranger"), scene.Info(0, apart),
                              Error::MISSING_TREE);
  });
}

TEST_CASE("R12.4.3.1-02: an entry is for one of our key packages") {
  Welcomed([](const Suite&, Invitation& invitation) {
    invitation.Refuses(Outside([](Welcome& welcome) { welcome.secrets.clear(); }),
                       Error::NO_MATCHING_KEY_PACKAGE);
    invitation.Refuses(Outside([](Welcome& welcome) { welcome.secrets[0].new_member[0] ^= 1; }),
                       Error::NO_MATCHING_KEY_PACKAGE);
    invitation.Refuses(Outside([](Welcome& welcome) { welcome.secrets[0].new_member.back() ^= 0x80; }),
                       Error::NO_MATCHING_KEY_PACKAGE);
    invitation.Refuses(Outside([](Welcome& welcome) { welcome.secrets[0].new_member.pop_back(); }),
                       Error::NO_MATCHING_KEY_PACKAGE);
    invitation.Refuses(Outside([](Welcome& welcome) { welcome.secrets[0].new_member.clear(); }),
                       Error::NO_MATCHING_KEY_PACKAGE);
  });
}

TEST_CASE("R12.4.3.1-03: the Welcome's suite is the key package's") {
  Welcomed([](const Suite& suite, Invitation& invitation) {
    std::size_t others = 0;
    for (const Suite& other : AllSuites()) {
      if (other.id == suite.id) continue;
      ++others;
      invitation.Refuses(Outside([&](Welcome& welcome) { welcome.cipher_suite = other.id; }),
                         Error::CIPHERSUITE_MISMATCH);
    }
    CHECK(others == 6);
  });
}

TEST_CASE("R12.4.3.1-04: the group secrets decrypt, and are bound to the encrypted GroupInfo") {
  Welcomed([](const Suite& suite, Invitation& invitation) {
    const auto sealed = [&](Hook<HPKECiphertext> change) {
      invitation.Refuses(
          Outside([&](Welcome& welcome) { change(welcome.secrets[0].encrypted_group_secrets); }),
          Error::DECRYPT_FAILED);
    };
    sealed([](HPKECiphertext& one) { one.ciphertext[0] ^= 1; });
    sealed([](HPKECiphertext& one) { one.ciphertext.back() ^= 1; });
    sealed([](HPKECiphertext& one) { one.ciphertext.clear(); });
    sealed([](HPKECiphertext& one) { one.kem_output.clear(); });
    sealed([](HPKECiphertext& one) { one.kem_output.pop_back(); });
    sealed([&](HPKECiphertext& one) {
      one.kem_output = Must(GenerateHpkeKeyPair(suite, invitation.scene.world.random)).public_key;
    });
    // Not what it was sealed to: changed by one bit, and that of another Welcome of the same epoch.
    invitation.Refuses(Outside([](Welcome& welcome) { welcome.encrypted_group_info.back() ^= 1; }),
                       Error::DECRYPT_FAILED);
    WelcomeForgery other;
    other.info = [](GroupInfo& info) { info.extensions.push_back({ExtensionType{0xF001}, {}}); };
    const MLSMessage message = Must(DecodeMessage(invitation.Forge(other), {}));
    const Bytes info = std::get<Welcome>(message.body).encrypted_group_info;
    invitation.Refuses(Outside([&](Welcome& welcome) { welcome.encrypted_group_info = info; }),
                       Error::DECRYPT_FAILED);
  });
}

TEST_CASE("R12.4.3.1-05: every PSK that is named is held") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 3);
    const Bytes group_id = scene[0].context().group_id;
    const ExternalPsk external{{1, 2, 3}};
    const ResumptionPsk resumption{ResumptionPSKUsage::application, group_id, scene[0].context().epoch};
    const Bytes external_id = Encode(PreSharedKeyID{external, {}}.body);
    const Bytes resumption_id = Encode(PreSharedKeyID{resumption, {}}.body);
    scene.psks[external_id] = Bytes(16, 1);
    scene.psks[resumption_id] = ToBytes(Must(scene[0].ResumptionPskOf(resumption.psk_epoch)).view());
    CommitOptions options;
    options.proposals = {Must(scene[0].MakePsk(external, scene.world.env)),
                         Must(scene[0].MakePsk(resumption, scene.world.env))};
    Invitation invitation(scene, std::move(options));
    // An honest Welcome, to a newcomer who lacks one.
    scene.NotInJournal();
    for (const Bytes& id : {external_id, resumption_id}) {
      auto missing = scene.psks.extract(id);
      scene.RefusesJoin(invitation.genuine, invitation.package, Error::MISSING_PSK);
      scene.psks.insert(std::move(missing));
    }
    invitation.TakesIt();
    scene.GoesOn();
  }
  // Those that nobody holds: an unknown id, an unknown epoch.
  Welcomed([](const Suite& suite, Invitation& invitation) {
    const Bytes nonce(suite.Nh, 3);
    const Bytes group_id = invitation.scene[0].context().group_id;
    const ResumptionPsk unknown{ResumptionPSKUsage::application, group_id, 77};
    invitation.Refuses(
        Secrets([&](GroupSecrets& secrets) { secrets.psks.push_back({ExternalPsk{{9}}, nonce}); }),
        Error::MISSING_PSK);
    invitation.Refuses(Secrets([&](GroupSecrets& secrets) { secrets.psks.push_back({unknown, nonce}); }),
                       Error::MISSING_PSK);
  });
}

TEST_CASE("R12.4.3.1-06: at most one PSK of a reinit or branch") {
  Welcomed([](const Suite& suite, Invitation& invitation) {
    using Usage = ResumptionPSKUsage;
    const std::pair<Usage, Usage> pairs[] = {{Usage::reinit, Usage::reinit},
                                             {Usage::branch, Usage::branch},
                                             {Usage::reinit, Usage::branch},
                                             {Usage::branch, Usage::reinit}};
    for (const auto& [one, other] : pairs) {
      invitation.Refuses(Secrets([&](GroupSecrets& secrets) {
                           secrets.psks = {{ResumptionPsk{one, {1}, 0}, Bytes(suite.Nh, 1)},
                                           {ResumptionPsk{other, {2}, 1}, Bytes(suite.Nh, 2)}};
                         }),
                         Error::INVALID_PSK);
    }
  });
}

TEST_CASE("R12.4.3.1-07: the GroupInfo decrypts") {
  Welcomed([](const Suite& suite, Invitation& invitation) {
    for (const int size : {0, suite.Nh - 1, suite.Nh + 1, static_cast<int>(suite.Nh)}) {
      CAPTURE(size);
      invitation.Refuses(Secrets([&](GroupSecrets& secrets) {
                           secrets.joiner_secret = Secret(static_cast<std::size_t>(size));
                         }),
                         Error::DECRYPT_FAILED);
    }
    const auto sealed = [&](Hook<Bytes> change) {
      WelcomeForgery forgery;  // the secrets are sealed to what was changed
      forgery.encrypted_group_info = std::move(change);
      invitation.Refuses(forgery, Error::DECRYPT_FAILED);
    };
    sealed([](Bytes& info) { info[0] ^= 1; });
    sealed([](Bytes& info) { info.back() ^= 0x80; });
    sealed([](Bytes& info) { info.pop_back(); });
    sealed([](Bytes& info) { info.clear(); });
  });
}

TEST_CASE("R12.4.3.1-21: the path secret gives the key of the common ancestor") {
  Welcomed([](const Suite& suite, Invitation& invitation) {
    REQUIRE(invitation.secrets.path_secret.has_value());
    invitation.Refuses(
        Secrets([&](GroupSecrets& secrets) { secrets.path_secret->path_secret = Secret(suite.Nh); }),
        Error::PATH_SECRET_MISMATCH);
    invitation.Refuses(
        Secrets([&](GroupSecrets& secrets) { secrets.path_secret->path_secret.span()[suite.Nh - 1u] ^= 1; }),
        Error::PATH_SECRET_MISMATCH);
  });
}

TEST_CASE("R12.4.3.1-23: a path secret has its length, and the ancestor that it is for is not blank") {
  Welcomed([](const Suite& suite, Invitation& invitation) {
    for (const int size : {0, suite.Nh - 1, suite.Nh + 1}) {
      CAPTURE(size);
      invitation.Refuses(Secrets([&](GroupSecrets& secrets) {
                           secrets.path_secret->path_secret = Secret(static_cast<std::size_t>(size));
                         }),
                         Error::INVALID_WELCOME);
    }
  });
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 1);
    CommitOptions lean;
    lean.path = CommitOptions::Path::when_required;
    Invitation invitation(scene, std::move(lean));
    REQUIRE_FALSE(invitation.secrets.path_secret.has_value());
    invitation.Refuses(
        Secrets([&](GroupSecrets& secrets) { secrets.path_secret = PathSecret{Secret(suite.Nh)}; }),
        Error::INVALID_WELCOME);
    invitation.TakesIt();
    scene.GoesOn();
  }
}

TEST_CASE("R12.4.3.1-23: a path secret is given by somebody else: nobody has an ancestor with themselves") {
  Welcomed([](const Suite&, Invitation& invitation) {
    WelcomeForgery forgery;
    forgery.info = [](GroupInfo& info) { info.signer = LeafIndex{3}; };  // the newcomer itself
    forgery.signer = &invitation.client.profile.signature_private_key;
    invitation.Refuses(forgery, Error::INVALID_WELCOME);
  });
}

TEST_CASE("R12.4.3.1-31: of several entries for us, the one that opens is ours") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    for (const std::size_t good : {0u, 1u, 2u}) {
      Scene scene(suite, 3);
      Invitation invitation(scene);
      const Bytes forged = invitation.Forge(Outside([&](Welcome& welcome) {
        const EncryptedGroupSecrets genuine = welcome.secrets[0];
        for (std::size_t i = 0; i < 3; ++i) {
          if (i == good) continue;
          EncryptedGroupSecrets garbage = genuine;
          garbage.encrypted_group_secrets.ciphertext[i] ^= 1;
          welcome.secrets.insert(welcome.secrets.begin() + static_cast<std::ptrdiff_t>(i), garbage);
        }
      }));
      const Bytes closed = invitation.Forge(Outside([](Welcome& welcome) {
        EncryptedGroupSecrets garbage = welcome.secrets[0];
        garbage.encrypted_group_secrets.ciphertext[0] ^= 1;
        welcome.secrets = {garbage, garbage};
      }));
      scene.RefusesJoin(closed, invitation.package, Error::DECRYPT_FAILED);
      scene.Enter(invitation.client, scene.JoinByWelcome(forged, invitation.package));
      scene.GoesOn();
    }
  }
}

}  // namespace
}  // namespace mls::test
