-- Run once, when the image first starts on an empty volume.
CREATE EXTENSION termstream;
