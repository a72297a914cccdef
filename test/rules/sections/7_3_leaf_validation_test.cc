// RFC 9420 §7.3: what one leaf decides alone, on every route by which a leaf arrives.
#include "kit/bad_leaves.h"

namespace mls::test {
namespace {

SignatureKeyPair OtherKey(const Suite& suite) {
  World world(7);
  return Must(GenerateSignatureKeyPair(suite, world.random));
}

TEST_CASE("R7.3-01: credential valid") {
  const Credential impostor = Credential::Basic(AsView("impostor"));
  for (const Suite& suite : AllSuites()) {
    for (const auto& [verdict, error] : {std::pair{Verdict::reject, Error::CREDENTIAL_REJECTED},
                                         std::pair{Verdict::failed, Error::AS_FAILED}}) {
      LeafForgery forgery;
      forgery.leaf = [&](LeafNode& leaf) { leaf.credential = impostor; };
      forgery.judge = [&, verdict = verdict](const CredentialQuestion& question) {
        return question.credential == impostor ? verdict : Verdict::accept;
      };
      CheckRoutes(suite, kAllRoutes, forgery, error, error);
    }
  }
}

TEST_CASE("R7.3-02: leaf signature valid with signature_key") {
  for (const Suite& suite : AllSuites()) {
    const SignatureKeyPair other = OtherKey(suite);
    Check(suite, SignedBy(other.private_key));
    LeafForgery empty;
    empty.signed_leaf = [](LeafNode& leaf) { leaf.signature.clear(); };
    CheckRoutes(suite, kAllRoutes, empty, Error::BAD_LEAF_SIGNATURE);
    LeafForgery flipped;
    flipped.signed_leaf = [](LeafNode& leaf) { leaf.signature.back() ^= 1; };
    CheckRoutes(suite, kAllRoutes, flipped, Error::BAD_LEAF_SIGNATURE);
  }
}

TEST_CASE("R7.3-03: required extension types are in capabilities") {
  for (const Suite& suite : AllSuites()) Check(suite, LacksRequiredExtension());
  TakesRoutes(AllSuites().front(), kAllRoutes, {}, LacksRequiredExtension().options);
}

TEST_CASE("R7.3-04: required proposal types are in capabilities") {
  for (const Suite& suite : AllSuites()) Check(suite, LacksRequiredProposal());
  TakesRoutes(AllSuites().front(), kAllRoutes, {}, LacksRequiredProposal().options);
}

TEST_CASE("R7.3-05: required credential types are in capabilities") {
  for (const Suite& suite : AllSuites()) Check(suite, LacksRequiredCredential());
  TakesRoutes(AllSuites().front(), kAllRoutes, {}, LacksRequiredCredential().options);
}

TEST_CASE("R7.3-06: leaf compatible with group version and suite") {
  for (const Suite& suite : AllSuites()) {
    Check(suite, LacksVersion());
    Check(suite, LacksSuite(suite));
  }
  BadLeaf none = LacksVersion();
  none.forgery.leaf = [](LeafNode& leaf) { leaf.capabilities.versions.clear(); };
  Check(AllSuites().front(), none);
  none.forgery.leaf = [](LeafNode& leaf) { leaf.capabilities.cipher_suites.clear(); };
  Check(AllSuites().front(), none);
}

TEST_CASE("R7.3-07: leaf's credential type supported by all members") {
  for (const Suite& suite : AllSuites()) Check(suite, CredentialNotOfAll(suite));
  // With members who all list it, the same leaf is taken.
  const BadLeaf bad = CredentialNotOfAll(AllSuites().front());
  TakesRoutes(AllSuites().front(), kListedRoutes, bad.forgery);
}

TEST_CASE("R7.3-08: leaf supports every credential type in use") {
  for (const Suite& suite : AllSuites()) Check(suite, LacksCredentialInUse(suite));
}

LeafForgery Lasting(Lifetime lifetime) {
  LeafForgery forgery;
  forgery.leaf = [lifetime](LeafNode& leaf) { leaf.lifetime = lifetime; };
  return forgery;
}

TEST_CASE("R7.3-11: lifetime checked on receipt") {
  const Suite& suite = AllSuites().front();
  constexpr Route kAdds[] = {Route::proposed_add, Route::committed_add};
  constexpr Route kTrees[] = {Route::welcome_tree, Route::info_tree};
  CompanyOptions ignore = Scene::Open();
  ignore.policy.lifetimes = Policy::Lifetimes::ignore;
  const std::pair<Lifetime, Error> outside[] = {{{kNow - 1000, kNow - 1}, Error::EXPIRED},
                                                {{kNow + 1, kNow + 1000}, Error::NOT_YET_VALID}};
  for (const auto& [lifetime, error] : outside) {
    CheckRoutes(suite, kAdds, Lasting(lifetime), error);
    TakesRoutes(suite, kAdds, Lasting(lifetime), ignore);
    // A member's leaf stays when its time has passed: docs/rfc9420-choices.md, §7.3.
    TakesRoutes(suite, kTrees, Lasting(lifetime));
    TakesRoutes(suite, kTrees, Lasting(lifetime), ignore);
  }
  // The first and the last second are in it.
  TakesRoutes(suite, kAdds, Lasting({kNow, kNow + 10}));
  TakesRoutes(suite, kAdds, Lasting({kNow - 10, kNow}));
}

TEST_CASE("R7.3-12: each leaf extension id is in the leaf's own capabilities") {
  for (const Suite& suite : AllSuites()) {
    Check(suite, ExtensionNotListed(kUnlistedExtension));
    Check(suite, ExtensionNotListed(ExtensionType{0x1A1A}));
  }
}

TEST_CASE("R7.3-24: leaf checks run at every stage") {
  // The rules R7.3-02 to -08 and -12 by every route; the tests of the single rules do so for each suite.
  const Suite& suite = AllSuites().front();
  const SignatureKeyPair other = OtherKey(suite);
  const std::vector<BadLeaf> bad = AllBadLeaves(suite, other.private_key);
  REQUIRE(bad.size() == 10);
  for (const BadLeaf& one : bad) Check(suite, one);
  TakesRoutes(suite, kAllRoutes, {});
  TakesRoutes(suite, kListedRoutes, {});
}

TEST_CASE("R7.5-01: path leaf meets the same restrictions as an Update leaf") {
  constexpr Route kPaths[] = {Route::path, Route::joining_path};
  for (const Suite& suite : AllSuites()) {
    const SignatureKeyPair other = OtherKey(suite);
    for (const BadLeaf& one : AllBadLeaves(suite, other.private_key)) {
      CAPTURE(one.rule);
      CheckRoutes(suite, kPaths, one.forgery, one.expected, one.in_tree, one.options);
    }
  }
}

}  // namespace
}  // namespace mls::test
