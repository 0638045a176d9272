"""Three invented worlds: who lives in them, and the words that tell them apart."""

WORLDS = {
    "The Salt Lanterns": {
        "names": ["Mara", "Mara Venn", "Mara Venn of Saltmere", "Saltmere", "Captain Osk", "Osk",
                  "Tidewarden Ilse", "Ilse", "Brine Court", "Gullhaven"],
        "words": "tide lantern salt harbour sail brine anchor lighthouse reef keel".split(),
    },
    "Ironwood Ring": {
        "names": ["Tobben", "Tobben Ashdown", "Queen Ysolt", "Ysolt", "Bramblegate", "Old Bramblegate",
                  "Hesper Quill", "Quill", "Ring of Nine", "Greywatch"],
        "words": "forest oak bark ember wolf moss thicket throne antler hollow".split(),
    },
    "Clockwork Meridian": {
        "names": ["Dr. Anselm Pike", "Anselm Pike", "Pike", "Unit Seven", "Brass Exchange", "Vesna Roll",
                  "Vesna", "Meridian Station", "Orrery Guild", "Sundial Row"],
        "words": "gear spring brass piston engine dial copper valve rail steam".split(),
    },
}
COMMON = "then they walked through the evening and nobody spoke of it until morning came again with rain".split()
UNREADABLE = "\u2ff0"
