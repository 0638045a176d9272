"""The brands of the example, invented; each with the sort of dish that it belongs to.

Their order is their fame: the first ones of a sort are on many menus, the last ones on few.
"""

_BY_SORT = {
    "drink": [
        "Fizzoro", "Route 9 Cola", "Zestaro", "Limonesse", "Brambello", "Tonkari", "Gingerra",
        "Sparvelle", "Old Pharmacy Soda", "Harrow & Finch", "Purlonne", "Montvère", "Nordbrunn",
        "Guavita Sol", "Mangolada", "3 Otters", "Kombrava", "Cloud & Clove", "Elderbrook",
        "Yuzuki", "Jungle Jolt", "Voltique", "Rhubarbary", "Citronade Lulu", "Hibisca",
        "Sainte-Odine", "Acqua Trivelli", "Birchwell", "Mr. Pemberly's", "Cocorico Verde",
    ],
    "beer": [
        "Grimsholt", "Old Tiller", "Brauhaus Kessel", "Hopsmith & Daughters", "Tres Gaviotas",
        "Kaltenmoor", "Whistling Badger", "Dunmarrow Stout", "Pale Lantern", "Saltmarsh",
        "Cerveza Bravía", "Prazník", "Fjordøl", "Red Wherry", "Copperknot", "St. Brannock",
        "Amberley Forge", "7 Bridges", "Weizengold", "Ironmonger IPA", "Lager Loco",
        "Thistle & Crown", "Abbaye d'Orvane", "Hazy Heron",
    ],
    "spirit": [
        "Glen Orrin", "Casa Morelos", "Vodka Zimnaya", "Bellweather Gin", "Captain Sorrel",
        "Château Marlotte", "Villa Ginestra", "Prosecco Luccio", "Kentigern", "Ron Caribal",
        "Highmoor", "Quintanova", "Domaine Perrault", "Tanqueville", "Amaro Fiordano",
        "Agavero Diez", "Weingut Lindhof", "Bodega Arrayán", "Juniper & Vine",
    ],
    "hot": [
        "Café Moreau", "Torrefazione Bassi", "Kaffeya", "Ashdown Teas", "Brewster & Lowe",
        "Monsoon Leaf", "Java Junction", "Teatopia", "Cocoa Ravello", "Chai Walla No. 5",
        "Robustino", "Bean & Gone", "Earl Winslow", "Mokarabia Nera", "Matchabee",
        "Hearth & Kettle", "Nordkaffe", "Lattemore",
    ],
    "dairy": [
        "Farrowdale", "La Vache Bleue", "Oakhollow Creamery", "Burratino", "Hallouma",
        "Cheddarton", "Mozzavita", "Fromagerie Dulac", "Feta Kalamos", "Greta's Goats",
        "Yogurella", "Pecorello", "Blue Wenlow", "Manchedor", "Almonda", "Oatsworth",
        "Butterfield Lane", "Crème de Lys", "Skyrvik", "Ricottina",
    ],
    "meat": [
        "Hogan's Smokehouse", "Brambleside", "Tendrell Farms", "Carnivora", "Black Fell Beef",
        "Salumi Vescovi", "Chorizo Batalla", "Prosciutto Landini", "Duckworth & Sons",
        "Pollo Dorado", "Merguez Amira", "Wurstmeister", "Beyond Acres", "Tofurama",
        "Lammerlaw", "Turkington's", "Jambon Corbelle", "Pastramio",
    ],
    "fish": [
        "Captain Brisk", "Nordfisk", "Seabright", "Salmora", "Tunafina", "Harbour & Hook",
        "Mar de Noia", "Krillström", "Prawnto", "Codsworth Bay", "Anchovita", "Oyster Ned's",
        "Smoked & Wild", "Kelpie Isle",
    ],
    "sauce": [
        "Hell's Ladle", "Mama Rosetta", "Sriracheeky", "Tabasqueño", "Dijonnais", "Ketchupa",
        "Smokey Hank's", "Pesto Liguria 1912", "Aunt Clementine", "Mayonetta", "Soyama",
        "Hoisin Lee", "Tzatziki Bros", "Chipotlay", "Salsa Pícara", "Wasabito",
        "Brantley Hill", "Worcesterly", "Gochugang", "Peri & Piri", "Truffelino", "Harissa Nour",
        "Curry Mahal", "Mustardine", "El Pastorcito",
    ],
    "snack": [
        "Crispello", "Tatermill", "Nachorama", "Kettleby", "Popkins", "Pretzelhaus",
        "Señor Totopo", "Onionettes", "Nutcracker & Co", "Chickpeaz", "Wafflings",
        "Salt & Tumble", "Olivera", "Riceling", "Cheezoid", "Picklepuss", "Dip Dipper",
        "Hummusoul", "Falafly", "Seaweedo",
    ],
    "sweet": [
        "Chocolatier Vanneste", "Fudgewick", "Gelato Fiorani", "Nougatine Blanche", "Hazelnutta",
        "Toffeeton", "Marzipan Müller", "Sugarplum Alley", "Scoops & Cones", "Vanillaire",
        "Honeycroft", "Maplewood Gold", "Carambello!", "Cookie Galore", "Dulcinea", "Brownie Hall",
        "Macaroon Bay", "Biscoteria", "Sorbetto Lieto", "Crumbleton", "Waffle Duchess",
        "Panna Cottage", "Lolly Pepper",
    ],
    "bread": [
        "Millstone Bakery", "Pane Antico", "Bagelsmith", "Focaccino", "Sourdough Sally",
        "Brioche Dorée-Lune", "Naanwala", "Tortillero", "Pita Pronto", "Ryeworth", "Crumpetier",
        "Kornblume", "Wholegrain & Honest",
    ],
    "pasta": [
        "Pastificio Bramante", "Gnocchella", "Ramenado", "Udonaka", "Risotteria Alba",
        "Basmatique", "Quinoable", "Couscoussier", "Lasagnola", "Noodle Nook", "Polentina",
        "Tagliatti", "Bulgurama",
    ],
}

BRANDS = [(brand, sort) for sort, brands in _BY_SORT.items() for brand in brands]
