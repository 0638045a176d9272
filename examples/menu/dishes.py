"""The words around the brands: what menus say when they name no brand.

Some of them look like brands on purpose (`fizzy`, `limoncello`, `tonka`, `hallow`, `old`,
`captain`): a matcher that takes them for misspelled brands is wrong.
"""

DISHES = {
    "drink": ["Fizzy drink", "Cola", "Cola Zero 330ml", "Lemonade", "Still water 0.5l", "Iced tea",
              "Ginger ale", "Orange juice", "Sparkling water", "Kids juice box", "Tonic water",
              "Smoothie of the day", "Energy drink", "Soda float", "Limoncello spritz (0%)"],
    "beer": ["Pint of lager", "Draught beer", "IPA 4.5%", "Bottle of stout", "Pale ale half pint",
             "Radler", "Wheat beer 0.5 L", "Cider", "Beer bucket x5", "Alcohol free beer"],
    "spirit": ["Gin & tonic", "Margarita", "Old fashioned", "Whisky sour", "Glass of house red",
               "Mojito", "Bloody Mary", "Espresso martini", "Spritz", "Bottle of white", "Rum punch"],
    "hot": ["Flat white", "Cappuccino", "Double espresso", "Pot of tea", "Hot chocolate", "Latte",
            "Chai latte", "Americano", "Herbal tea", "Iced coffee", "Breakfast tea"],
    "dairy": ["Cheese board", "Grilled halloumi", "Mac & cheese", "Baked camembert", "Mozzarella sticks",
              "Greek salad", "Caprese", "Yoghurt & granola", "Cheese toastie", "Welsh rarebit"],
    "meat": ["Beef burger", "Double cheeseburger", "Pulled pork bun", "Hot dog", "Ribs half rack",
             "Chicken wings x8", "Club sandwich", "Full English breakfast", "Steak frites 250g",
             "Mixed grill", "Duck confit", "Vegan burger", "Meat lovers pizza"],
    "fish": ["Fish & chips", "Grilled salmon", "Tuna melt", "Prawn cocktail", "Fish finger sandwich",
             "Sushi platter (12 pcs)", "Moules frites", "Salmon bagel", "Fish tacos", "Crab cakes"],
    "sauce": ["Loaded fries", "Chicken curry", "Dirty nachos", "Buffalo wings", "Veggie wrap",
              "Kebab plate", "Chilli con carne", "Side of gravy", "Dip trio", "Poke bowl"],
    "snack": ["Crisps", "Bar snacks", "Mixed nuts", "Nachos to share", "Popcorn", "Olives & bread",
              "Pretzel", "Snack box", "Onion rings", "Sweet potato fries", "Houmous & crudités"],
    "sweet": ["Brownie", "Ice cream (2 scoops)", "Crème brûlée", "Waffle", "Sticky toffee pudding",
              "Milkshake", "Cheesecake slice", "Pancake stack", "Banana split", "Crumble & custard",
              "Affogato", "Tiramisù", "Cookie"],
    "bread": ["Garlic bread", "Toast & jam", "BLT", "Panini", "Bagel", "Soup and roll", "Avocado toast",
              "Bread basket", "Croque monsieur", "Butter naan", "Eggs Benedict"],
    "pasta": ["Spaghetti bolognese", "Penne arrabbiata", "Ramen", "Pad thai", "Mushroom risotto",
              "Lasagne", "Gnocchi al pesto", "Rice bowl", "Couscous salad", "Mac'n'cheese", "Käsespätzle"],
}

# How a brand stands in the name of a dish.
FRAMES = [
    "{brand} {dish}", "{brand} {dish}", "{dish} {brand}", "{dish} ({brand})", "{dish} w/ {brand}",
    "{dish} with {brand}", "{brand} – {dish}", "{dish} feat. {brand}", "{brand}: {dish}",
    "{dish}, {brand}", "{dish} + {brand}", "NEW {brand} {dish}", "{brand}/{dish}",
]

# How a brand stands in a description.
EXTRAS = [
    "with {brand}", "served with {brand}", "topped w/ {brand}", "made with {brand}", "{brand}",
    "a dash of {brand}", "finished with {brand} on top", "contains {brand}", "ask for {brand}",
    "we use only {brand}", "choice of {brand} or house", "by {brand}", "{brand} on the side",
]

ASIDES = [
    "hand cut chips", "seasonal leaves", "house slaw", "gluten free on request", "may contain nuts",
    "rice or salad", "fresh lime & mint", "spicy!", "slow cooked for 8 hours", "from the grill",
    "vegan option available", "£4.50 each", "add cheese for 1,20 €", "serves 2", "kids' size", "330ml",
    "with a twist of lemon", "old family recipe", "free refill till 6pm", "no ice", "chef's special",
    "locally sourced", "jalapeños", "pico de gallo", "crème fraîche", "smoked paprika", "on toast",
    "red onion & coriander", "bottomless on Sundays", "*contains alcohol", "harbour view table only",
    "captain's table", "salt and vinegar", "hot honey butter", "wholegrain mustard", "blue cheese dip",
    "maple syrup", "peri peri style", "with extra bacon", "pepper sauce", "takeaway 10% off",
    "soy, sesame", "choc chips", "a cloud of cream", "two free range eggs", "rye or white",
    "ask your waiter for allergens", "hogget when in season", "gold leaf", "big enough to share",
]

# Lower-case words of the lists above: a generated misspelling must not be one of them.
WORDS_OF_MENUS = {
    word.strip(".,()*!:'").lower()
    for text in [*ASIDES, *(dish for dishes in DISHES.values() for dish in dishes)]
    for word in text.split()
}
