//! GetConsoleOutput: the end of the serial console, as the node keeps it.

use api_spec::ApiError;
use api_spec::ec2::instances::{GetConsoleOutput, GetConsoleOutputResult};
use calls::node::ConsoleOutput;
use kit::dispatch::Serve;
use kit::{Access, Caller};

use crate::domain::life::State;
use crate::error::{Kind, id};
use crate::service::Service;
use crate::store::instances;

impl Serve<GetConsoleOutput> for Service {
    async fn access(&self, op: &GetConsoleOutput, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        Ok(vec![self.on_instance(caller, "GetConsoleOutput", &op.instance_id)?])
    }

    async fn handle(
        &self,
        op: GetConsoleOutput,
        caller: &Caller,
    ) -> Result<GetConsoleOutputResult, ApiError> {
        let found =
            instances::owned(&self.read()?, caller.account_id(), &id(Kind::Instance, &op.instance_id)?)?;
        let empty = GetConsoleOutputResult {
            instance_id: found.id.to_string(),
            timestamp: found.launched_at.into(),
            output: None,
        };
        if found.life.state == State::Terminated || found.disks.is_none() {
            return Ok(empty);
        }
        let console = self.node(&found.node)?.call(&ConsoleOutput { instance: found.id.clone() }).await?;
        Ok(GetConsoleOutputResult {
            timestamp: console.at.unwrap_or(found.launched_at).into(),
            output: Some(console.output).filter(|output| !output.is_empty()),
            ..empty
        })
    }
}
