print("telar")
