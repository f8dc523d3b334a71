"""The table of who may do what."""

import pytest

from accounts.roles import TABLE, Action, Role, Scope, may

DESK = (Role.CLOSER, Role.SUPERVISOR)


def test_every_action_has_a_row() -> None:
    assert set(TABLE) == set(Action)


@pytest.mark.parametrize("action", list(Action))
@pytest.mark.parametrize("role", list(Role))
def test_each_scope_reaches_as_far_as_it_says(role: Role, action: Action) -> None:
    scope = TABLE[action].get(role, Scope.NEVER)

    assert may({role}, action) is (scope == Scope.ALL)
    assert may({role}, action, is_own=True) is (scope in {Scope.ALL, Scope.OWN})
    assert may({role}, action, is_team=True) is (scope in {Scope.ALL, Scope.TEAM})
    assert may({role}, action, is_permitted=True) is (scope in {Scope.ALL, Scope.PERMITTED})
    everything = may({role}, action, is_own=True, is_team=True, is_permitted=True)
    assert everything is (scope != Scope.NEVER)


def test_the_widest_of_several_roles_holds() -> None:
    both = {Role.CLOSER, Role.SUPERUSER}

    assert may(both, Action.CALL_TAKE, is_team=True)
    assert may(both, Action.RIGHTS_GIVE)
    assert not may({Role.CLOSER}, Action.RIGHTS_GIVE, is_own=True, is_team=True, is_permitted=True)


def test_nobody_without_a_role_may_do_anything() -> None:
    assert not any(may((), action, is_own=True, is_team=True, is_permitted=True) for action in Action)


@pytest.mark.parametrize("action", list(Action))
def test_what_a_stranger_may_do_anybody_with_an_account_may(action: Action) -> None:
    if may({Role.ANONYMOUS}, action):
        assert all(may({role}, action) for role in (*DESK, Role.PROSPECT, Role.STAFF, Role.SUPERUSER))


@pytest.mark.parametrize("action", list(Action))
def test_supervisors_are_closers_with_more_and_superusers_staff_with_more(action: Action) -> None:
    order = list(Scope)

    for role, above in (DESK, (Role.STAFF, Role.SUPERUSER)):
        scopes = TABLE[action]
        assert order.index(scopes.get(role, Scope.NEVER)) <= order.index(scopes.get(above, Scope.NEVER))


def test_no_clerk_reads_words_or_gives_rights_whatever_their_permissions() -> None:
    for action in (Action.WORDS_READ, Action.RIGHTS_GIVE, Action.SUPERVISOR_APPOINT, Action.HISTORY_CHANGE):
        assert not may({Role.STAFF}, action, is_own=True, is_team=True, is_permitted=True)


def test_history_is_changed_by_nobody() -> None:
    assert not may(set(Role), Action.HISTORY_CHANGE, is_own=True, is_team=True, is_permitted=True)


def test_what_a_closer_has_in_a_call_is_theirs_and_their_teams() -> None:
    for action in (Action.RING_ACCEPT, Action.CALL_NOTE, Action.CALL_HANG_UP):
        assert may({Role.CLOSER}, action, is_own=True, is_team=True)
        assert not may({Role.SUPERVISOR}, action, is_team=True)
