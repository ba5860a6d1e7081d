"""Specks and pin-holes go; the car, real gaps and what a post cuts off stay."""
import numpy as np

from postprocessing.pieces import one_piece, without_detached


def car() -> np.ndarray:
    matte = np.zeros((120, 160), np.float32)
    matte[40:90, 20:140] = 1
    return matte


def test_a_whole_car_stays_as_it_is():
    assert np.array_equal(one_piece(car()), car())
    assert not one_piece(np.zeros((120, 160), np.float32)).any()


def test_specks_go_with_their_soft_rims():
    matte = car()
    matte[8:16, 8:16] = 0.3
    matte[10:14, 10:14] = 0.9
    assert np.array_equal(one_piece(matte), car())


def test_doubt_without_a_core_is_left_to_the_next_stage():
    matte = car()
    matte[10:14, 10:14] = 0.4
    assert np.array_equal(one_piece(matte), matte)


def test_a_wing_near_the_car_stays():
    matte = car()
    matte[34:36, 60:64] = 0.8
    assert np.array_equal(one_piece(matte), matte)


def test_pin_holes_close_and_real_gaps_stay():
    matte = car()
    matte[60:64, 60:64] = 0
    matte[50:70, 80:110] = 0
    closed = one_piece(matte)
    assert (closed[60:64, 60:64] == 1).all() and not closed[50:70, 80:110].any()


def test_a_hole_at_the_frame_is_no_hole():
    matte = car()
    matte[:, 140:] = 1
    matte[60:66, 154:] = 0
    assert not one_piece(matte)[60:66, 154:].any()


def test_a_post_in_front_leaves_both_halves():
    matte = car()
    matte[:, 60:64] = 0
    assert np.array_equal(one_piece(matte), matte)


def test_what_is_small_and_detached_is_not_delivered_and_the_car_keeps_its_soft_edge():
    alpha = car()
    alpha[40, 20:140] = 0.4
    expected = alpha.copy()
    alpha[20:24, 60:64], alpha[19, 59:65] = 1, 0.1
    assert np.array_equal(without_detached(alpha), expected)


def test_a_car_in_one_piece_is_delivered_as_it_is():
    alpha = car()
    alpha[38:40, 60:62] = 0.3
    assert np.array_equal(without_detached(alpha), alpha)
    assert not without_detached(np.zeros((120, 160), np.float32)).any()


def test_faint_dust_away_from_the_car_goes_and_its_soft_edge_stays():
    alpha = car()
    alpha[38:40, 20:140] = 0.1
    dusty = alpha.copy()
    dusty[10, 10:150:7] = 0.1
    dusty[20:24, 100:104] = 0.5
    dusty[18:26, 98:106] = np.maximum(dusty[18:26, 98:106], 0.05)
    assert np.array_equal(without_detached(dusty), alpha) and np.array_equal(without_detached(alpha), alpha)


def test_a_part_that_a_post_cuts_off_is_delivered():
    alpha = car()
    alpha[:, 24:28] = 0
    assert np.array_equal(without_detached(alpha), alpha)


def test_what_is_joined_only_by_alpha_that_rounds_to_unseen_is_detached():
    alpha = car()
    alpha[34:40, 60] = 40.4 / 255
    alpha[26:34, 58:63] = 1
    assert np.array_equal(without_detached(alpha) > 0.5, car() > 0.5)


def test_a_mirror_just_apart_from_the_car_is_joined_to_it_and_a_speck_there_is_not():
    alpha = np.zeros((400, 800), np.float32)
    alpha[100:300, 100:600] = 1
    mirror, speck = (slice(150, 170), slice(604, 624)), (slice(250, 253), slice(604, 607))
    alpha[mirror] = alpha[speck] = 1
    found = without_detached(alpha)
    assert (found[155:165, 100:624] == 1).all() and not found[speck].any() and not found[:100].any()
    alpha[150:170, 600:640] = 0
    alpha[150:170, 620:640] = 1  # too far away
    assert not without_detached(alpha)[:, 600:].any()
