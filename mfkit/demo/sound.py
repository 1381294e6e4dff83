"""Sound: short plucked melodies, and the way from samples to an encoded stream."""

import random

import av
import numpy as np
import numpy.typing as npt

from mfkit.demo.codecs import OPTIONS

Samples = npt.NDArray[np.int16]

# Semitones above the key note: a chord each, four chords a phrase.
PHRASES = (
    ((0, 4, 7), (9, 12, 16), (5, 9, 12), (7, 11, 14)),
    ((0, 3, 7), (8, 12, 15), (3, 7, 10), (10, 14, 17)),
    ((2, 5, 9), (7, 11, 14), (0, 4, 7), (0, 4, 11)),
)
CHUNK = 4096


def melody(duration: float, rate: int, dice: random.Random) -> Samples:
    """Plays arpeggios over four chords.

    Args:
        duration: Seconds.
        rate: Samples per second.
        dice: The source of chance.

    Returns:
        Stereo samples, shape (samples, 2).
    """
    count = round(duration * rate)
    sound = np.zeros((count, 2))
    beat = dice.choice((0.18, 0.22, 0.28))
    key = 110 * 2 ** (dice.randint(0, 11) / 12)
    phrase = dice.choice(PHRASES)
    strengths = [dice.uniform(0.1, 0.6) / (1 + partial) for partial in range(3)]
    for step in range(int(duration / beat)):
        chord = phrase[step // 8 % len(phrase)]
        semitones = chord[0] - 12 if step % 8 == 0 else dice.choice(chord) + 12 * dice.randint(0, 1)
        start = round(step * beat * rate)
        time = np.arange(min(count - start, round(1.1 * rate))) / rate
        tone = key * 2 ** (semitones / 12)
        wave = np.sin(2 * np.pi * tone * time)
        for overtone, strength in enumerate(strengths, start=2):
            wave += strength * np.sin(2 * np.pi * tone * overtone * time)
        wave *= np.exp(-time * 4.5) * np.minimum(1.0, time * 300)
        side = dice.uniform(0.25, 0.75)
        sound[start:start + len(time), 0] += wave * (1 - side)
        sound[start:start + len(time), 1] += wave * side
    peak = float(np.abs(sound).max()) or 1.0
    return np.rint(sound / peak * 26000).astype(np.int16)


def add_sound(container: av.container.OutputContainer, encoder: str, rate: int) -> av.AudioStream:
    """Adds a stereo stream that gives the same bytes each time."""
    stream = container.add_stream(encoder, rate=rate, options=OPTIONS.get(encoder, {}))
    if not isinstance(stream, av.AudioStream):
        raise TypeError(f"{encoder} is no audio encoder")
    stream.codec_context.layout = "stereo"
    stream.codec_context.thread_count = 1
    stream.codec_context.flags |= av.codec.context.Flags.bitexact
    return stream


def encode_sound(container: av.container.OutputContainer, stream: av.AudioStream, samples: Samples,
                 rate: int) -> None:
    """Encodes samples into a container; PyAV cuts and converts them to what the encoder takes."""
    for start in range(0, len(samples), CHUNK):
        chunk = np.ascontiguousarray(samples[start:start + CHUNK]).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(chunk, format="s16", layout="stereo")
        frame.sample_rate = rate
        frame.pts = start
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))
