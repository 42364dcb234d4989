//! picture SIZE ROUNDS: paints a picture, writes it as PNG with each filter, reads it again and compares.

use png_codec::{BitDepth, ColorType, Compression, Decoder, Encoder, FilterType};
use support::{check, fail, number, Checksum, Random};

/// Discs with shaded edges on a gradient, in RGB.
fn paint(size: u32, seed: u64) -> Vec<u8> {
    let mut random = Random(seed);
    let mut next = |below: u32| (random.next() % u64::from(below)) as i64;
    let discs: Vec<[i64; 6]> = (0..12)
        .map(|_| [next(size), next(size), 1 + next(size / 4 + 1), next(256), next(256), next(256)])
        .collect();
    let mut pixels = Vec::new();
    for y in 0..i64::from(size) {
        for x in 0..i64::from(size) {
            let mut color = [x * 255 / i64::from(size), y * 255 / i64::from(size), 128];
            for [cx, cy, radius, r, g, b] in &discs {
                let (dx, dy) = (x - cx, y - cy);
                let inside = radius * radius - dx * dx - dy * dy;
                if inside > 0 {
                    let shade = (inside * 255 / (radius * radius)).min(255);
                    for (channel, new) in color.iter_mut().zip([r, g, b]) {
                        *channel = (*channel * (255 - shade) + new * shade) / 255;
                    }
                }
            }
            pixels.extend(color.map(|channel| channel as u8));
        }
    }
    pixels
}

fn encode(pixels: &[u8], size: u32, filter: FilterType) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, size, size);
    encoder.set_color(ColorType::Rgb);
    encoder.set_depth(BitDepth::Eight);
    encoder.set_compression(Compression::Default);
    encoder.set_filter(filter);
    let mut writer = check("encoding", encoder.write_header());
    check("encoding", writer.write_image_data(pixels));
    check("encoding", writer.finish());
    bytes
}

fn main() {
    let (size, rounds) = (number(1) as u32, number(2));
    let filters = [FilterType::Paeth, FilterType::Sub, FilterType::Up, FilterType::Avg];
    let mut checksum = Checksum::default();
    for round in 0..rounds {
        let pixels = paint(size, round);
        let bytes = encode(&pixels, size, filters[round as usize % 4]);
        checksum.add(&bytes);
        let mut reader = check("decoding", Decoder::new(&bytes[..]).read_info());
        let mut decoded = vec![0; reader.output_buffer_size()];
        check("decoding", reader.next_frame(&mut decoded));
        if decoded != pixels {
            fail("decoding", &"another picture comes out");
        }
    }
    checksum.print("picture");
}
