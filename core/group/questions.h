// Questions and Answers: what a step cannot know by itself.
//
// The engine never calls out. An operation is staged first; the staged object holds the work done so far and
// every question that is open. Completing it takes the answers, in the order of the questions.
#pragma once

#include <optional>
#include <vector>

#include "identity/credential.h"
#include "schedule/psk.h"

namespace mls {

struct Questions {
  // Credentials that are new in the group (RFC 9420 §5.3.1).
  std::vector<CredentialQuestion> credentials;
  // PSKs that the group itself does not hold: external ones, and resumption PSKs of other groups (RFC 9420
  // §8.4).
  std::vector<PreSharedKeyID> psks;

  bool empty() const { return credentials.empty() && psks.empty(); }
};

enum class Verdict : std::uint8_t {
  accept,
  reject,             // CREDENTIAL_REJECTED
  reject_succession,  // CREDENTIAL_SUCCESSION: valid, but not a successor of the credential it replaces
  reject_policy,      // POLICY: valid, but this change is not permitted
  failed,             // AS_FAILED: the authentication service gave no answer
};

struct Answers {
  std::vector<Verdict> credentials;
  std::vector<std::optional<Secret>> psks;  // none: not held
};

// CheckAnswered: MISUSE when the number of answers is off.
Status CheckAnswered(const Questions& questions, const Answers& answers);

// CheckVerdicts turns the verdicts into a Status: the first that is not accept, or MISUSE when their number
// is off.
Status CheckVerdicts(const Questions& questions, const Answers& answers);

// AcceptAll answers yes to every credential; for tests and for applications that trust their delivery
// service.
Answers AcceptAll(const Questions& questions);

}  // namespace mls
