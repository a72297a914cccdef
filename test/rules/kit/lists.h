// Lists of proposals (RFC 9420 §12.2): the same list is given to a member who would commit it and, in a
// Commit that a member forged, to a member who would follow it.
#pragma once

#include "kit/forged_commit.h"
#include "kit/scene.h"
#include "support/custom_types.h"

namespace mls::test {

// The receiver of forgeries is member 1, the forger member 2; member 0 does what is honest.
constexpr std::size_t kReceiver = 1, kForger = 2;

// What is said to a list that RFC 9420 §12.2 forbids.
constexpr Error kInvalidList = Error::INVALID_PROPOSAL_LIST;

// WithCustom: a scene whose policy knows kCustom.
CompanyOptions WithCustom(CustomProposalType::Path path = CustomProposalType::Path::required,
                          CustomProposalType::External external = CustomProposalType::External::refused);
// Capable changes the capabilities of a member's leaf with a Commit of its own.
void Capable(Scene& scene, std::size_t member, const Hook<Capabilities>& change);
// HireWith adds a client, changed before it makes its key package. Gives its number.
std::size_t HireWith(Scene& scene, const Hook<Client>& change, std::string_view name = "");

// RefusesList: member 1 says `expected` to member 2's Commit with this list. Everything else in it is right.
void RefusesList(Scene& scene, std::vector<ProposalOrRef> list, Error expected);
void RefusesList(Scene& scene, const std::vector<Proposal>& by_value, Error expected);
// RefusesToCommit: member 0 says `expected` when it is asked for a Commit with these proposals, and has then
// no candidate and used no generation.
void RefusesToCommit(Scene& scene, std::vector<Proposal> by_value, Error expected);
// BothRefuse: the creator and the receiver (RFC 9420 §12.2: both verify).
void BothRefuse(Scene& scene, const std::vector<Proposal>& by_value, Error expected);
// TakesList: all who stay take member 2's Commit with this list, come where it was meant to lead, and go on
// without member 2.
void TakesList(Scene& scene, std::vector<ProposalOrRef> list,
               CommitForgery::Path path = CommitForgery::Path::with);

// UpdateOf is a valid Update of `member`'s leaf, signed after the hook.
Proposal UpdateOf(Scene& scene, std::size_t member, const Hook<LeafNode>& change = {});
// AddOf is a valid Add; the package is signed again after the hook.
Proposal AddOf(Scene& scene, const Client& client, const Hook<KeyPackage>& change = {});
Proposal AddOf(Scene& scene, std::string_view name = "newcomer");
// PskOf is a PreSharedKey proposal with a PSK that everyone holds.
Proposal PskOf(Scene& scene, std::uint8_t id, const Hook<PreSharedKeyID>& change = {});
Proposal ReInitOf(Scene& scene, const Hook<ReInit>& change = {});
inline Proposal Requiring(RequiredCapabilities required) {
  return {GroupContextExtensions{{MakeExtension(std::move(required))}}};
}

// ProposalsOf decodes the list of a public Commit.
std::vector<ProposalOrRef> ListOf(View commit);

// Watcher is an external sender: the group's list has it at `index`.
struct Watcher {
  // Watcher makes itself the group's only external sender with a Commit of member 0.
  explicit Watcher(Scene& scene);
  // Propose signs what it is given, whatever it is.
  Bytes Propose(Proposal proposal, std::uint32_t as_index = 0) const;

  Scene& scene;
  SignatureKeyPair keys;
  ExternalSender sender;
};

}  // namespace mls::test
