"""What an account needs before the first job (role, repositories, bucket, log groups, budget): made, and taken back."""
