//! Shards cover a matrix.

use super::*;

fn cells(parts: &[Part]) -> Vec<(Option<u64>, String)> {
    let of_part = |part: &Part| {
        let layout = part.layout;
        part.workloads
            .clone()
            .into_iter()
            .map(move |workload| (layout, workload))
    };
    parts.iter().flat_map(of_part).collect()
}

#[test]
fn the_shards_of_a_matrix_cover_it_exactly_once_in_nearly_equal_parts() {
    let workloads: Vec<String> = (0..29).map(|number| format!("w{number}")).collect();
    let layouts: Vec<Option<u64>> = (1..=8).map(Some).collect();
    let matrix = matrix(&layouts, &workloads);
    for count in [1, 2, 3, 5, 8, 16, 100, 232] {
        let mut covered = Vec::new();
        let mut sizes = Vec::new();
        for index in 1..=count {
            let own = cells(&Shard::new(index, count).unwrap().of(&matrix).unwrap());
            sizes.push(own.len());
            covered.extend(own);
        }
        assert_eq!(covered, cells(&matrix), "{count} shards");
        let (least, most) = (sizes.iter().min().unwrap(), sizes.iter().max().unwrap());
        assert!(most - least <= 1 && *least > 0, "{count} shards of {sizes:?}");
    }
    // Eight shards of eight layouts: a layout each.
    let third = Shard::new(3, 8).unwrap().of(&matrix).unwrap();
    assert_eq!(third, matrix[2..3]);
    assert!(Shard::new(1, 233).unwrap().of(&matrix).is_err());
}

#[test]
fn a_shard_is_written_as_its_number_and_their_number() {
    let shard: Shard = "2/8".parse().unwrap();
    assert_eq!(
        (shard, shard.to_string()),
        (Shard::new(2, 8).unwrap(), "2/8".to_owned())
    );
    for text in ["", "2", "0/8", "9/8", "a/8", "2/8/1", "-1/8", "1/0"] {
        assert!(text.parse::<Shard>().is_err(), "{text}");
    }
}
