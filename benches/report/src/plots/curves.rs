//! What plots with several curves share: their colours, and names that do not overlap.

use super::canvas::{OKABE_ITO, Rgb};

/// The colour of a curve, by its number.
pub(super) fn line_color(index: usize) -> Rgb {
    OKABE_ITO[index % OKABE_ITO.len()]
}

/// A colour dark enough for text on white.
pub(super) fn darker((red, green, blue): Rgb) -> Rgb {
    let dim = |channel: u8| (f64::from(channel) * 0.78) as u8;
    (dim(red), dim(green), dim(blue))
}

/// Moves positions apart to a least distance, within bounds where there is room, keeping their order.
pub(super) fn spread(positions: &[f64], distance: f64, top: f64, bottom: f64) -> Vec<f64> {
    let mut order: Vec<usize> = (0..positions.len()).collect();
    order.sort_by(|&a, &b| positions[a].total_cmp(&positions[b]));
    let mut placed: Vec<f64> = order.iter().map(|&index| positions[index].max(top)).collect();
    for index in 1..placed.len() {
        placed[index] = placed[index].max(placed[index - 1] + distance);
    }
    // Push back up what went out at the bottom.
    let mut limit = bottom;
    for place in placed.iter_mut().rev() {
        *place = place.min(limit);
        limit = *place - distance;
    }
    let mut result = vec![0.0; positions.len()];
    for (index, place) in order.into_iter().zip(placed) {
        result[index] = place;
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_moved_apart_and_keep_their_order() {
        let places = spread(&[50.0, 52.0, 51.0, 5.0], 10.0, 0.0, 60.0);
        assert_eq!(places, [40.0, 60.0, 50.0, 5.0]);
        assert_eq!(spread(&[], 10.0, 0.0, 60.0), Vec::<f64>::new());
    }
}
