"""The model room: a spec says what to train, the forest scores, calibration says how rare, the registry remembers.

spec -> training -> (forest, calibration, explanation) = detector -> registry. Higher score = more unusual, everywhere.
"""
