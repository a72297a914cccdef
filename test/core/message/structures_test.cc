// Properties of every structure of the message layer and of what it is built from, over random instances.
#include <doctest/doctest.h>

#include "message/mls_message.h"
#include "support/encodings.h"
#include "support/random_value.h"
#include "tree/treekem.h"

using namespace mls;
using mls::test::RandomValue;
using mls::test::SeededRandom;

#define STRUCTURES                                                                                           \
  Certificate, BasicCredential, X509Credential, Credential, Extension, RequiredCapabilities, ExternalSender, \
      ExternalSenders, ExternalPub, Capabilities, Lifetime, LeafNode, ParentNode, HPKECiphertext,            \
      UpdatePathNode, UpdatePath, PreSharedKeyID, GroupContext, KeyPackage, KeyPackageKeys, Add, Update,     \
      Remove, PreSharedKey, ReInit, ExternalInit, GroupContextExtensions, Proposal, ProposalOrRef, Commit,   \
      Sender, FramedContent, AuthenticatedContent, PublicMessage, PrivateMessage, SenderData, GroupInfo,     \
      PathSecret, GroupSecrets, EncryptedGroupSecrets, Welcome, GroupInfoMessage, KeyPackageMessage,         \
      MLSMessage

TEST_CASE_TEMPLATE("random instances come back, each of the computed size", T, STRUCTURES) {
  SeededRandom random(1);
  for (int i = 0; i < 200; ++i) CHECK(test::ComesBack(RandomValue<T>(random)));
}

TEST_CASE_TEMPLATE("neither a prefix nor a longer input is the structure", T, STRUCTURES) {
  SeededRandom random(2);
  for (int i = 0; i < 8; ++i) {
    const Secret encoded = EncodeSecret(RandomValue<T>(random));
    CHECK(test::RefusesPrefixes<T>(encoded));
    CHECK(test::RefusesMore<T>(encoded));
  }
}

TEST_CASE_TEMPLATE("a changed byte fails or is another structure's one encoding", T, STRUCTURES) {
  SeededRandom random(3);
  for (int i = 0; i < 4; ++i) CHECK(test::SurvivesMutations<T>(EncodeSecret(RandomValue<T>(random))));
}

TEST_CASE_TEMPLATE("random bytes decode to nothing that encodes otherwise", T, STRUCTURES) {
  SeededRandom random(4);
  for (int i = 0; i < 2000; ++i) {
    const Bytes bytes = random.Some(random.Below(64));
    const auto decoded = Decode<T>(bytes);
    CHECK((!decoded.ok() || Equal(EncodeSecret(*decoded), bytes)));
  }
}
