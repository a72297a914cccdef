#include "group/questions.h"

#include <doctest/doctest.h>

using namespace mls;

namespace {

Questions Asking(std::size_t credentials, std::size_t psks) {
  Questions questions;
  questions.credentials.resize(credentials);
  questions.psks.resize(psks);
  return questions;
}

Answers Answering(std::vector<Verdict> credentials, std::size_t psks) {
  Answers answers;
  answers.credentials = std::move(credentials);
  for (std::size_t i = 0; i < psks; ++i) answers.psks.emplace_back(Secret(32));
  return answers;
}

Error ErrorOf(const Questions& questions, const Answers& answers) {
  const Status status = CheckVerdicts(questions, answers);
  return status.ok() ? Error::INTERNAL : status.error();
}

constexpr Verdict kYes = Verdict::accept;

}  // namespace

TEST_CASE("Questions are empty when nothing is asked") {
  CHECK(Asking(0, 0).empty());
  CHECK_FALSE(Asking(1, 0).empty());
  CHECK_FALSE(Asking(0, 1).empty());
}

TEST_CASE("CheckVerdicts takes one answer for each question") {
  CHECK(ErrorOf(Asking(0, 0), {}) == Error::INTERNAL);
  CHECK(ErrorOf(Asking(2, 1), Answering({kYes, kYes}, 1)) == Error::INTERNAL);
  CHECK(ErrorOf(Asking(2, 1), {}) == Error::MISUSE);
  CHECK(ErrorOf(Asking(2, 1), Answering({kYes}, 1)) == Error::MISUSE);
  CHECK(ErrorOf(Asking(2, 1), Answering({kYes, kYes, kYes}, 1)) == Error::MISUSE);
  CHECK(ErrorOf(Asking(2, 1), Answering({kYes, kYes}, 0)) == Error::MISUSE);
  CHECK(ErrorOf(Asking(2, 1), Answering({kYes, kYes}, 2)) == Error::MISUSE);
}

TEST_CASE("R5.3.1: every verdict but yes refuses, in its own way, wherever it stands") {
  const std::pair<Verdict, Error> refusals[] = {{Verdict::reject, Error::CREDENTIAL_REJECTED},
                                                {Verdict::reject_succession, Error::CREDENTIAL_SUCCESSION},
                                                {Verdict::reject_policy, Error::POLICY},
                                                {Verdict::failed, Error::AS_FAILED},
                                                {static_cast<Verdict>(99), Error::AS_FAILED}};
  for (const auto& [verdict, error] : refusals) {
    CHECK(ErrorOf(Asking(3, 0), Answering({verdict, kYes, kYes}, 0)) == error);
    CHECK(ErrorOf(Asking(3, 0), Answering({kYes, kYes, verdict}, 0)) == error);
    CHECK(ErrorOf(Asking(2, 0), Answering({verdict, Verdict::reject}, 0)) == error);  // the first one counts
  }
}

TEST_CASE("R8.4: a PSK that is not held refuses; an empty one is held") {
  Answers answers = Answering({kYes}, 2);
  answers.psks[1] = std::nullopt;
  CHECK(ErrorOf(Asking(1, 2), answers) == Error::MISSING_PSK);
  answers.psks[1] = Secret();
  CHECK(ErrorOf(Asking(1, 2), answers) == Error::INTERNAL);
}

TEST_CASE("AcceptAll says yes to credentials and holds no PSK") {
  const Answers answers = AcceptAll(Asking(2, 1));
  CHECK(answers.credentials == std::vector<Verdict>{kYes, kYes});
  REQUIRE(answers.psks.size() == 1);
  CHECK_FALSE(answers.psks[0].has_value());
  CHECK(ErrorOf(Asking(2, 0), AcceptAll(Asking(2, 0))) == Error::INTERNAL);
}
