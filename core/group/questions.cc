#include "group/questions.h"

#include "base/check.h"

namespace mls {

Status CheckAnswered(const Questions& questions, const Answers& answers) {
  MLS_REQUIRE(answers.credentials.size() == questions.credentials.size(),
              MISUSE);                                                // RFC 9420 §5.3.1: each is judged
  MLS_REQUIRE(answers.psks.size() == questions.psks.size(), MISUSE);  // RFC 9420 §8.4: each is answered
  return kOk;
}

Status CheckVerdicts(const Questions& questions, const Answers& answers) {
  MLS_DO(CheckAnswered(questions, answers));
  for (const Verdict verdict : answers.credentials) {
    MLS_REQUIRE(verdict != Verdict::reject, CREDENTIAL_REJECTED);  // RFC 9420 §5.3.1: validated with the AS
    MLS_REQUIRE(verdict != Verdict::reject_succession,
                CREDENTIAL_SUCCESSION);                      // RFC 9420 §5.3.1: a valid successor
    MLS_REQUIRE(verdict != Verdict::reject_policy, POLICY);  // RFC 9420 §12.2: the application's own rules
    MLS_REQUIRE(verdict == Verdict::accept, AS_FAILED);      // RFC 9420 §5.3.1: no answer is a refusal
  }
  for (const auto& psk : answers.psks) {
    MLS_REQUIRE(psk.has_value(), MISSING_PSK);  // RFC 9420 §12.4.2: every PSK named is held
  }
  return kOk;
}

Answers AcceptAll(const Questions& questions) {
  Answers answers;
  answers.credentials.assign(questions.credentials.size(), Verdict::accept);
  answers.psks.resize(questions.psks.size());
  return answers;
}

}  // namespace mls
