"""Its presence lets every test folder below import `made_rows`."""
