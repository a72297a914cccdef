// The ways by which a LeafNode comes to a client. RFC 9420 §7.3 wants it valid wherever it comes from. A rule
// about leaves is broken on each of the ways: the leaf is changed, signed again by its owner, and put where
// it belongs, with all that covers it made again.
#pragma once

#include "kit/forged_commit.h"
#include "kit/invitation.h"

namespace mls::test {

enum class Route : std::uint8_t {
  own_add,          // a KeyPackage that we are asked to add
  proposed_add,     // a received Add proposal
  committed_add,    // an Add in a received Commit
  update,           // a received Update proposal
  path,             // the UpdatePath of a received Commit
  joining_path,     // the UpdatePath of an external Commit
  welcome_tree,     // a leaf of the tree with which we join by Welcome
  info_tree,        // a leaf of the tree with which we would join by external Commit
  referred_add,     // a received Commit that refers to a received Add
  referred_update,  // a received Commit that refers to a received Update
};
inline constexpr Route kAllRoutes[] = {Route::own_add,      Route::proposed_add, Route::committed_add,
                                       Route::update,       Route::path,         Route::joining_path,
                                       Route::welcome_tree, Route::info_tree};
// For rules that the other members decide: proposals are judged when they are committed.
inline constexpr Route kListedRoutes[] = {Route::own_add,         Route::committed_add, Route::referred_add,
                                          Route::referred_update, Route::path,          Route::joining_path,
                                          Route::welcome_tree,    Route::info_tree};
// Those on which a leaf comes in a KeyPackage, and the others.
inline constexpr Route kAddRoutes[] = {Route::own_add, Route::proposed_add, Route::committed_add};
inline constexpr Route kLaterRoutes[] = {Route::update, Route::path, Route::joining_path, Route::welcome_tree,
                                         Route::info_tree};
inline constexpr std::string_view kRouteNames[] = {
    "own_add",      "proposed_add", "committed_add", "update",       "path",
    "joining_path", "welcome_tree", "info_tree",     "referred_add", "referred_update"};

struct LeafForgery {
  Hook<LeafNode> leaf;             // before the owner signs it
  Hook<LeafNode> signed_leaf;      // after
  const Secret* signer = nullptr;  // default: the owner's
  std::optional<Bytes> group_id;   // that the signature covers; default: the group's
  std::optional<LeafIndex> index;  // that the signature covers; default: the leaf's own
  // What the application says to each credential; not in the journal.
  std::function<Verdict(const CredentialQuestion&)> judge;
};

// TakeRoute lets the leaf of somebody in a scene of its own come by `route`. Gives what the receiver says:
// the name of the error, or "taken". `options` are those of the group. Where the leaf is refused, honest
// messages are taken afterwards.
std::string TakeRoute(const Suite& suite, Route route, const LeafForgery& forgery,
                      CompanyOptions options = Scene::Open());

constexpr bool IsTree(Route route) { return route == Route::welcome_tree || route == Route::info_tree; }

// CheckRoutes expects `expected` on each of `routes`, but `in_tree` where the leaf arrives in a tree.
void CheckRoutes(const Suite& suite, std::span<const Route> routes, const LeafForgery& forgery,
                 Error expected, Error in_tree = Error::INVALID_TREE,
                 const CompanyOptions& options = Scene::Open());
// TakesRoutes expects that the leaf is taken on each.
void TakesRoutes(const Suite& suite, std::span<const Route> routes, const LeafForgery& forgery,
                 const CompanyOptions& options = Scene::Open());

// Lean commits have no path: a tree of leaves alone has no parent hash that the change of a leaf would spoil.
CommitOptions Lean();

}  // namespace mls::test
